//! Breaks lines that are wider than the terminal at their spaces.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text whose lines are at most `width` columns wide where their words allow it. What follows a break begins below the
/// last column of its line, or two columns behind the beginning of the line. Tables and code of Markdown stay as they are.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut in_code = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        in_code ^= content.starts_with("```");
        if in_code || content.starts_with('|') || content.width() <= width {
            wrapped.push_str(line);
            continue;
        }
        push_broken(&mut wrapped, content, width);
        wrapped.push_str(&line[content.len()..]);
    }
    wrapped
}

fn push_broken(text: &mut String, line: &str, width: usize) {
    let indent = hanging_indent(line, width);
    let mut column = 0;
    for (spaces, word) in words(line) {
        let end = column + spaces + word.width();
        if end > width && column > indent {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent + word.width();
        } else {
            text.extend(std::iter::repeat_n(' ', spaces));
            column = end;
        }
        text.push_str(word);
    }
}

/// The column behind the last gap of two or more spaces in the first two thirds of the width.
fn hanging_indent(line: &str, width: usize) -> usize {
    let leading = line.len() - line.trim_start_matches(' ').len();
    let mut indent = leading + 2;
    let (mut column, mut gap) = (leading, 0);
    for character in line[leading..].chars() {
        if character != ' ' && gap > 1 && column <= width * 2 / 3 {
            indent = column;
        }
        gap = if character == ' ' { gap + 1 } else { 0 };
        column += character.width().unwrap_or(0);
    }
    indent
}

/// The words of a line, each with the number of spaces before it. The groups of a number (`12 345`) are one word.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.trim_start_matches(' ');
        let spaces = rest.len() - word.len();
        let mut length = 0;
        loop {
            length += word[length..].find(' ').unwrap_or(word.len() - length);
            let before = word[..length].ends_with(|one: char| one.is_ascii_digit());
            let behind = word[length..].strip_prefix(' ');
            if !(before && behind.is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()))) {
                break;
            }
            length += 1;
        }
        words.push((spaces, &word[..length]));
        rest = &word[length..];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces() {
        let text = "a line of several words\n\nshort\n";
        assert_eq!(wrapped(text, 12), "a line of\n  several\n  words\n\nshort\n");
        assert_eq!(wrapped(text, usize::MAX), text);
        assert_eq!(wrapped("indivisible", 4), "indivisible");
    }

    #[test]
    fn columns_stay_columns() {
        assert_eq!(wrapped("relu  the larger of x and 0\n", 20), "relu  the larger of\n      x and 0\n");
        assert_eq!(wrapped("  × a  1 234 567, 7\n", 16), "  × a  1 234 567,\n       7\n");
    }

    #[test]
    fn tables_and_code_stay_whole() {
        let text = "| a | table of words |\n```\nsome code in a fence\n```\n";
        assert_eq!(wrapped(text, 10), text);
    }
}
