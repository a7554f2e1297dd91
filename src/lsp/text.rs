//! Changes the indentation of pieces of text.

/// The indentation of the line that contains an offset.
pub(super) fn indent_at(text: &str, offset: u32) -> String {
    let line = text[..offset as usize].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].chars().take_while(|one| matches!(one, ' ' | '\t')).collect()
}

/// Replaces the indentation of all lines but the first; empty lines stay empty.
pub(super) fn reindented(text: &str, old: &str, new: &str) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        let rest = line.strip_prefix(old).unwrap_or_else(|| line.trim_start());
        if !rest.trim().is_empty() {
            out.push_str(new);
            out.push_str(rest);
        }
    }
    out
}
