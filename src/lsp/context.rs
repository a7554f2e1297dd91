//! Finds the context of a cursor in a text that may be broken: the statement, its operator, the open brackets.
//!
//! It reads tokens only, because the statement that is being typed has no tree yet.

use crate::ops::{self, Spec};
use crate::syntax::{Parsed, Token, TokenKind};

/// The kind of text that may be written at a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected<'a> {
    /// Nothing that could be proposed: a comment, or a new name.
    Nothing,
    /// An item, or a statement of a file without items.
    Item,
    /// A statement.
    Statement,
    /// An argument or trailing word of the operator `owner`; `None` behind a block call or group.
    Argument { owner: Option<&'static Spec>, first: bool, head: Option<&'a str> },
    /// The name of a table.
    Table,
    /// A value of an attribute, with the operator that has it.
    AttributeValue { owner: Option<&'static Spec>, attribute: &'a str },
    /// A suffix behind `* n` or `-> shape`: the arrow, if it is not written, and the name.
    Suffix { has_shape: bool },
    /// The number of the first copy, behind the name of a repeated statement.
    FirstCopy,
    /// The network of which another one is an instance.
    Instance,
    /// A shape behind `->`.
    Shape,
    /// A path behind `@`: the part that is already written.
    Reference(&'a str),
    /// A part or metric behind `expect`: the part that is already written.
    Metric(&'a str),
    /// A path behind `use`: the part that is already written.
    File(&'a str),
    /// Within the parentheses of a call of a block or network: the callee and the index of the parameter at the cursor.
    CallArgument { callee: &'a str, index: u32 },
    /// An expression in other parentheses, or behind `let x =`.
    Expression,
}

/// The tokens around a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub expected: Expected<'a>,
    /// The offset of the first token of the statement that is being typed; that of the cursor where none is begun.
    pub statement_start: u32,
    /// Whether `in` has a meaning here: no shape arrives at a file's constants, parameters and instances.
    pub receives: bool,
}

/// Analyses the tokens before an offset.
pub(super) fn at(parsed: &Parsed, offset: u32) -> Context<'_> {
    let comment = parsed.comments.iter().any(|one| one.start < offset && offset <= one.end);
    // Take the tokens before the cursor, and separately the word that touches it, which is still being typed.
    let count = parsed.tokens.partition_point(|token| token.end < offset);
    let touched = parsed.tokens.get(count).filter(|token| token.start < offset && offset <= token.end);
    let before = &parsed.tokens[..count];
    let typed = touched.filter(|token| !matches!(token.kind, TokenKind::Symbol(_)));
    let complete = touched.filter(|token| matches!(token.kind, TokenKind::Symbol(_)) && token.end == offset);
    let before = if complete.is_some() { &parsed.tokens[..count + 1] } else { before };
    let reader = Reader { parsed, before };
    let word_start = typed.map_or(offset, |token| token.start);
    let in_string = touched.is_some_and(|token| token.kind == TokenKind::Text && offset < token.end);
    let (expected, statement) = match path_before(&parsed.text[..offset as usize]) {
        _ if comment => (Expected::Nothing, None),
        Some(path) if !in_string => (path, reader.begun()),
        _ => reader.expected(typed.copied(), offset),
    };
    let statement_start = statement.map_or(word_start, |index| parsed.tokens[index].start);
    Context { expected, statement_start, receives: reader.receives(statement) }
}

/// The path that is being typed behind `@`, `shared` or `expect`. The lexer makes one token of complete paths only, so
/// an empty part behind `@` or `.` is read from the text here.
fn path_before(text: &str) -> Option<Expected<'_>> {
    let is_path = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '"');
    let before = text.trim_end_matches(is_path);
    let written = &text[before.len()..];
    if before.ends_with('@') {
        return Some(Expected::Reference(written));
    }
    let line = before.trim_end_matches([' ', '\t']);
    let word = line.rsplit(|one: char| !one.is_ascii_alphanumeric() && one != '_').next()?;
    // The word must begin a statement. The line above it may still lack its `;`.
    let above = line[..line.len() - word.len()].trim_end_matches([' ', '\t']);
    let begins = above.is_empty() || above.ends_with(['\n', ';', '{', '}', '[', '<', '|']);
    match word {
        _ if line.len() == before.len() || !begins => None,
        "expect" => Some(Expected::Metric(written)),
        "shared" => Some(Expected::Reference(written)),
        _ => None,
    }
}

struct Reader<'a> {
    parsed: &'a Parsed,
    before: &'a [Token],
}

impl<'a> Reader<'a> {
    fn text(&self, token: Token) -> &'a str {
        self.parsed.token_text(token)
    }

    /// The text of a token before the cursor.
    fn typed(&self, token: Token, offset: u32) -> &'a str {
        self.parsed.text.get(token.start as usize..offset as usize).unwrap_or_default()
    }

    /// The kind of text that may be written, and the index of the statement's first token.
    fn expected(&self, typed: Option<Token>, offset: u32) -> (Expected<'a>, Option<usize>) {
        let last = self.before.last().copied();
        let last_text = last.map_or("", |token| self.text(token));
        let (_, bracket) = self.statement();
        let begun = self.begun();
        match (last_text, typed) {
            ("use", Some(token)) if token.kind == TokenKind::Text => {
                return (Expected::File(self.typed(token, offset).trim_start_matches('"')), begun);
            }
            (_, Some(token)) if token.kind == TokenKind::Text => return (Expected::Nothing, begun),
            ("use" | "labels" | "cnn" | "block" | "network" | "table", _) | ("as", _) => {
                return (Expected::Nothing, begun);
            }
            _ => {}
        }
        if let Some((open, index)) = bracket {
            return (self.in_parentheses(open, index), begun);
        }
        let Some(start) = begun else {
            let within = self.depth() > 0;
            return (if within { Expected::Statement } else { Expected::Item }, None);
        };
        let statement = &self.before[start..];
        if typed.is_some_and(|token| token.kind == TokenKind::Number) && last_text != "=" {
            return (Expected::Nothing, begun);
        }
        (self.in_statement(statement), begun)
    }

    /// Returns whether the statement that begins with a token is in a body, and not the head of an item.
    fn receives(&self, statement: Option<usize>) -> bool {
        let head = statement.map_or("", |index| self.text(self.parsed.tokens[index]));
        let is_item = matches!(head, "network" | "block" | "inline" | "table" | "use");
        !is_item && (self.depth() > 0 || self.parsed.tree.statements.is_some())
    }

    /// The index of the first token of the current statement.
    fn begun(&self) -> Option<usize> {
        let (start, _) = self.statement();
        (start < self.before.len()).then_some(start)
    }

    /// The index of the first token of the statement that encloses the cursor, and of its unclosed `(` with the number
    /// of commas behind that.
    fn statement(&self) -> (usize, Option<(usize, u32)>) {
        let (mut depth, mut commas, mut bracket) = (0u32, 0, None);
        for (index, token) in self.before.iter().enumerate().rev() {
            match token.kind {
                // A `}` at depth 0 ends an item.
                TokenKind::Symbol('}') if depth == 0 => return (index + 1, bracket),
                TokenKind::Symbol(')' | ']' | '}' | '>') => depth += 1,
                TokenKind::Symbol('(') if depth == 0 => {
                    bracket = bracket.or(Some((index, commas)));
                }
                TokenKind::Symbol('[' | '{' | '<') if depth == 0 => return (index + 1, bracket),
                TokenKind::Symbol('(' | '[' | '{' | '<') => depth -= 1,
                TokenKind::Symbol(';' | '|') if depth == 0 => return (index + 1, bracket),
                TokenKind::Symbol(',') if depth == 0 && bracket.is_none() => commas += 1,
                _ => {}
            }
        }
        (0, bracket)
    }

    /// The number of open braces, brackets and branches.
    fn depth(&self) -> usize {
        let mut depth = 0usize;
        for token in self.before {
            match token.kind {
                TokenKind::Symbol('{' | '[' | '<') => depth += 1,
                TokenKind::Symbol('}' | ']' | '>') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        depth
    }

    fn in_parentheses(&self, open: usize, index: u32) -> Expected<'a> {
        let callee = open.checked_sub(1).map(|before| self.before[before]);
        let adjacent = callee.filter(|token| {
            token.kind == TokenKind::Word
                && token.end == self.before[open].start
                && !is_function(self.text(*token))
        });
        let declared = open.checked_sub(2).map(|before| self.text(self.before[before]));
        match adjacent {
            Some(_) if matches!(declared, Some("block" | "network")) => {
                // In a parameter list: before `=` a new name is invented, behind it stands an expression.
                let last = self.before.last().map_or("", |&token| self.text(token));
                if last == "=" { Expected::Expression } else { Expected::Nothing }
            }
            Some(token) => Expected::CallArgument { callee: self.text(token), index },
            None => Expected::Expression,
        }
    }

    fn in_statement(&self, statement: &'a [Token]) -> Expected<'a> {
        let text = |token: &Token| self.text(*token);
        let Some(head) = statement.first() else { return Expected::Statement };
        let last = statement.last().map_or("", text);
        match (text(head), last) {
            ("let", "let") => return Expected::Nothing,
            ("let", _) => return Expected::Expression,
            ("network", "=") => return Expected::Instance,
            ("use" | "labels" | "expect" | "block" | "network" | "table" | "cnn", _) => {
                return Expected::Nothing;
            }
            (_, "->") => return Expected::Shape,
            (_, "*") => return Expected::Expression,
            (_, "=") => {
                let (before, attribute) = match statement {
                    [before @ .., attribute, _] => (before, text(attribute)),
                    _ => (statement, ""),
                };
                return match attribute {
                    "table" => Expected::Table,
                    _ => Expected::AttributeValue { owner: self.arguments_of(before).0, attribute },
                };
            }
            _ => {}
        }
        match self.arguments_of(statement) {
            (owner, None) => {
                let head = (head.kind == TokenKind::Word).then(|| self.text(*head));
                Expected::Argument { owner, first: statement.len() == 1, head }
            }
            (_, Some("as")) if statement.iter().any(|token| token.is('*')) => Expected::FirstCopy,
            (_, Some("as")) => Expected::Nothing,
            (_, Some(ending)) => Expected::Suffix { has_shape: ending == "->" },
        }
    }

    /// The operator whose arguments stand at the end of a statement, and the last of `*`, `->` and `as` that ended them.
    fn arguments_of(&self, statement: &[Token]) -> (Option<&'static Spec>, Option<&'a str>) {
        let (mut owner, mut depth, mut ending) = (None, 0u32, None);
        for (index, token) in statement.iter().enumerate() {
            match token.kind {
                TokenKind::Symbol('(' | '[' | '{' | '<') => depth += 1,
                TokenKind::Symbol(')' | ']' | '}' | '>') => {
                    depth = depth.saturating_sub(1);
                    // Behind its branches a form takes only trailing words.
                    if depth == 0 && token.is('>') {
                        owner = None;
                    }
                }
                TokenKind::Symbol('→' | '*') if depth == 0 => ending = Some(self.text(*token)),
                TokenKind::Word if depth == 0 && index == 0 => {
                    let word = self.text(*token);
                    owner = ops::find(word).or_else(|| ops::form(word));
                    owner = if word == "input" { Some(&ops::INPUT) } else { owner };
                }
                TokenKind::Word if depth == 0 => match self.text(*token) {
                    "as" => ending = Some("as"),
                    word => owner = ops::trailing_word(word, owner).or(owner),
                },
                _ => {}
            }
        }
        (owner, ending)
    }
}

fn is_function(word: &str) -> bool {
    matches!(word, "min" | "max" | "ceil" | "floor" | "round")
}
