//! The problems that brackets can have.

/// A problem with a bracket. Numbers are indices of tokens: a text of brackets alone can have millions of problems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Problem {
    /// The bracket `open` ends, unclosed, before the token `before`.
    Unclosed { open: u32, before: u32 },
    /// A bracket was forgotten before the token `before`: behind the word `word`, for the closing bracket `close`.
    Unopened { symbol: char, word: u32, before: u32 },
    /// A closing bracket without an open one.
    Stray { close: u32 },
    /// `close` closes `open`, but is of another kind.
    WrongKind { open: u32, close: u32 },
    /// A token that may not stand here: a `;` in parentheses, a `|` outside branches, a second `{`.
    Misplaced { token: u32 },
    /// Braces around statements.
    Braces { open: u32, close: u32 },
    /// The item that begins at `word` lacks its keyword; `is_foreign` where `word` stands in its place.
    Keyword { word: u32, keyword: ItemKeyword, is_foreign: bool },
}

/// A keyword with which an item begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ItemKeyword {
    Block,
    Network,
    Table,
}

impl ItemKeyword {
    pub(crate) fn text(self) -> &'static str {
        match self {
            ItemKeyword::Block => "block",
            ItemKeyword::Network => "network",
            ItemKeyword::Table => "table",
        }
    }
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
