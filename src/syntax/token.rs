//! The tokens and comments of a text.

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier or keyword.
    Word,
    /// Everything that starts with a digit: `5x5x16`, `0.5`, `4.1G`.
    Number,
    /// A string, quotes included.
    Text,
    /// The path behind `as`, `@`, `shared` or `expect`, with its `[]`.
    Path,
    /// A punctuation mark; `→` stands for `->`, `≡` for `==`, `≤` for `<=`, `≥` for `>=`.
    Symbol(char),
}

/// A token, given by its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Its kind.
    pub kind: TokenKind,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
    /// Whether it is the first token on its line.
    pub leads: bool,
}

impl Token {
    /// Returns whether it is this punctuation.
    pub fn is(self, symbol: char) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }
}

/// A comment, given by its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// The byte of its `#`.
    pub start: u32,
    /// The byte behind its line.
    pub end: u32,
    /// Whether no token stands before it on its line.
    pub own_line: bool,
    /// The number of tokens of the file that stand before it.
    pub tokens_before: usize,
}
