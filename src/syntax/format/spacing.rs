//! Decides which tokens of an argument, a call or an expression have a space before them.

use crate::syntax::token::{Token, TokenKind};

/// The kind of a run of tokens, which decides its spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One word outside of its parentheses: a size, a call, `name=value`.
    Word,
    /// An expression without parentheses around it.
    Expression,
    /// A name and its list of parameters.
    Parameters,
}

/// The number of spaces before each token of a run; that of the first token is not used.
pub(super) fn gaps(tokens: &[Token], style: Style) -> Vec<usize> {
    let mut gaps = Vec::with_capacity(tokens.len());
    let mut depth = 0_usize;
    let mut before: Option<(Token, Role)> = None;
    for &token in tokens {
        let role = Role::of(token, before);
        let gap = match before {
            Some((last, last_role)) if depth > 0 || style == Style::Expression => {
                within(style, (last, last_role), (token, role))
            }
            _ => false,
        };
        gaps.push(usize::from(gap));
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = Some((token, role));
    }
    gaps
}

/// The role of a token in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Operand,
    Binary,
    Sign,
    Other,
}

impl Role {
    fn of(token: Token, before: Option<(Token, Role)>) -> Role {
        match token.kind {
            TokenKind::Symbol('-') => match before {
                Some((_, Role::Operand)) => Role::Binary,
                _ => Role::Sign,
            },
            TokenKind::Symbol('+' | '*' | '/' | '%' | '^') => Role::Binary,
            TokenKind::Symbol(')')
            | TokenKind::Word
            | TokenKind::Number
            | TokenKind::Path
            | TokenKind::Text => Role::Operand,
            TokenKind::Symbol(_) => Role::Other,
        }
    }
}

/// Returns whether a space stands between two tokens of an expression.
fn within(style: Style, (last, last_role): (Token, Role), (token, role): (Token, Role)) -> bool {
    if last.is('(') || token.is(')') || token.is(',') || last.is('.') || token.is('.') {
        return false;
    }
    if last.is(',') {
        return true;
    }
    if token.is('=') || last.is('=') {
        return style == Style::Parameters;
    }
    if token.is('/') && last.is('/') {
        return false;
    }
    match (last_role, role) {
        (Role::Sign, _) => false,
        (Role::Binary, _) | (_, Role::Binary) => true,
        // The parenthesis of a function; else two words of a list of parameters.
        (Role::Operand, _) => !token.is('('),
        _ => false,
    }
}
