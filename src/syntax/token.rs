//! Tokens and comments, as the scanner finds them.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier or keyword.
    Word,
    /// Everything that starts with a digit: `5x5x16`, `0.5`, `4.1G`.
    Number,
    /// A string, quotes included.
    Text,
    /// What stands behind `as`, `@`, `shared` and `expect`, with its `[]`.
    Path,
    /// Punctuation; `→` is `->`, `≡` is `==`, `≤` is `<=`, `≥` is `>=`.
    Symbol(char),
}

/// A token, by its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
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

/// A comment, by its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// The `#`.
    pub start: u32,
    /// The end of the line.
    pub end: u32,
    /// Whether no token stands before it on its line.
    pub own_line: bool,
    /// How many tokens of the file stand before it.
    pub tokens_before: usize,
}
