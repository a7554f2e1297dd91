//! Divides a text into pieces that are read apart: each begins where an item starts a line.

use crate::syntax::token::{Token, TokenKind};

/// The column of the first token on the line of each token.
pub(super) fn indents(source: &str, tokens: &[Token]) -> Vec<usize> {
    let mut indent = 0;
    let column = |token: &Token| {
        let start = token.start as usize;
        start - source[..start].rfind('\n').map_or(0, |newline| newline + 1)
    };
    tokens
        .iter()
        .map(|token| {
            if token.leads {
                indent = column(token);
            }
            indent
        })
        .collect()
}

/// The text of a token.
pub(super) fn text<'a>(source: &'a str, token: &Token) -> &'a str {
    &source[token.start as usize..token.end as usize]
}

/// The end of the piece that begins at `start`: the next item that begins a line and is indented no more than the line
/// of `start`.
pub(super) fn piece_end(source: &str, tokens: &[Token], indents: &[usize], start: usize) -> usize {
    let starts_item = |at: usize| {
        let next = tokens.get(at + 1).map(|token| token.kind);
        tokens[at].leads
            && tokens[at].kind == TokenKind::Word
            && indents[at] <= indents[start]
            && match text(source, &tokens[at]) {
                "block" | "network" | "table" => next == Some(TokenKind::Word),
                "inline" => tokens.get(at + 1).is_some_and(|next| text(source, next) == "block"),
                "use" => next == Some(TokenKind::Text),
                _ => false,
            }
    };
    (start + 1..tokens.len()).find(|&at| starts_item(at)).unwrap_or(tokens.len())
}
