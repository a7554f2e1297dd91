//! Converts addresses of documents to the paths of the compiler and back.
//!
//! A `file:` address becomes an absolute path with `/` between its parts. Any other address, such as that of an unsaved
//! text, is used as the path itself: no loader finds it, but it can be open.

/// The path of an address.
pub(super) fn path_of(uri: &str) -> String {
    let Some(rest) = uri.strip_prefix("file://") else { return uri.to_owned() };
    // A host may precede the path: `file://localhost/a`.
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    let path = percent_decoded(path);
    match path.as_bytes() {
        [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => path[1..].to_owned(),
        _ => path,
    }
}

/// The address of a path.
pub(super) fn of_path(path: &str) -> String {
    if !is_file(path) {
        return path.to_owned();
    }
    let mut uri = String::from("file://");
    if !path.starts_with('/') {
        uri.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// Returns whether a path can be one of a file, which means that it is absolute.
pub(super) fn is_file(path: &str) -> bool {
    match path.as_bytes() {
        [b'/', ..] => true,
        [drive, b':', b'/', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.filter(|_| first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_addresses_go_both_ways() {
        for (path, uri) in [
            ("/home/a b/é.cnn", "file:///home/a%20b/%C3%A9.cnn"),
            ("C:/nets/x.cnn", "file:///C%3A/nets/x.cnn"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
        ] {
            assert_eq!(of_path(path), uri);
            assert_eq!(path_of(uri), path);
        }
        assert_eq!(path_of("file://localhost/a%zz%4"), "/a%zz%4");
        assert_eq!(path_of("file:///c:/x.cnn"), "c:/x.cnn");
        assert_eq!(path_of("file://"), "");
    }
}
