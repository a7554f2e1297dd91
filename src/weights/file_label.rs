//! The file or archive member that is being read or written. It makes the failures, so that each has the file's name
//! and the right code.

use std::io;

use crate::diag::{Code, Failure};

/// Characters of foreign text that are shown in a message.
const SHOWN: usize = 80;

/// A file, or a member of an archive, as messages name it.
pub(super) struct FileLabel<'a> {
    name: &'a str,
    code: Code,
}

impl<'a> FileLabel<'a> {
    /// An array file of its own.
    pub(super) fn array(name: &'a str) -> FileLabel<'a> {
        FileLabel { name, code: Code::E0604 }
    }

    /// A weights file, or an array in one.
    pub(super) fn weights(name: &'a str) -> FileLabel<'a> {
        FileLabel { name, code: Code::E0602 }
    }

    /// The failure for content that violates its format.
    pub(super) fn broken(&self, text: impl AsRef<str>) -> Failure {
        self.failure(self.code, text)
    }

    /// The failure for elements of a type that is not supported.
    pub(super) fn unsupported(&self, text: impl AsRef<str>) -> Failure {
        self.failure(Code::E0603, text)
    }

    /// The failure where `bytes` could not be allocated.
    pub(super) fn no_memory(&self, bytes: u64) -> Failure {
        self.failure(Code::E0607, format!("{bytes} bytes for its values cannot be allocated"))
    }

    /// The failure for a reader's error: of the content, which a decoder found damaged, or of the file itself.
    pub(super) fn unreadable(&self, error: &io::Error) -> Failure {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error.kind() {
            InvalidData | InvalidInput | UnexpectedEof => self.broken(shown(&error.to_string())),
            _ => self.failure(Code::E0609, format!("cannot be read: {}", shown(&error.to_string()))),
        }
    }

    /// The failure for a writer's error.
    pub(super) fn unwritable(&self, error: &io::Error) -> Failure {
        self.failure(Code::E0609, format!("cannot be written: {}", shown(&error.to_string())))
    }

    fn failure(&self, code: Code, text: impl AsRef<str>) -> Failure {
        Failure::new(code, format!("`{}`: {}", shown(self.name), text.as_ref()))
    }
}

/// Makes text from a file safe for a message: escapes control and direction characters, and cuts texts of more than 80
/// characters.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (index, c) in text.chars().enumerate() {
        match c {
            _ if index == SHOWN => {
                out.push('…');
                break;
            }
            '\'' | '"' | '\\' => out.push(c),
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}'é'"), "a\\u{1b}[31m\\u{202e}'é'");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn a_damaged_content_and_a_failing_disk_differ() {
        let place = FileLabel::array("a.npy");
        assert_eq!(place.unreadable(&io::Error::other("disk")).code, Code::E0609);
        let damaged = io::Error::new(io::ErrorKind::InvalidData, "checksum");
        assert_eq!(place.unreadable(&damaged).code, Code::E0604);
        assert_eq!(place.unreadable(&damaged).message, "`a.npy`: checksum");
    }
}
