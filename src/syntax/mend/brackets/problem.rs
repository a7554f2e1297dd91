//! The problems that brackets can have.

/// A problem with a bracket. Numbers are indices of tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Problem {
    /// The bracket `open` ends, unclosed, before the token `before`.
    Unclosed { open: usize, before: usize },
    /// A bracket was forgotten before the token `before`: behind the word `word`, for the closing bracket `close`.
    Unopened { symbol: char, word: usize, before: usize },
    /// A closing bracket without an open one.
    Stray { close: usize },
    /// `close` closes `open`, but is of another kind.
    WrongKind { open: usize, close: usize },
    /// A token that may not stand here: a `;` in parentheses, a `|` outside branches, a second `{`.
    Misplaced { token: usize },
    /// Braces around statements.
    Braces { open: usize, close: usize },
    /// The item that begins at `word` lacks its keyword; `is_foreign` where `word` stands in its place.
    Keyword { word: usize, keyword: &'static str, is_foreign: bool },
}

/// The closing bracket for an opening one.
pub(crate) fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        _ => '}',
    }
}
