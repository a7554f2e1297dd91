//! Reports the problems of a text's brackets and repairs them, so that the grammar reads only complete pairs.

use crate::base::Span;
use crate::diag::{Builder, Code};

use crate::syntax::session::Session;
use crate::syntax::token::{Token, TokenKind};

use super::Repairs;
use super::brackets::{FORM_WORDS, Problem, closing, problems};

/// The deepest nesting of brackets; the stack of the generated parser holds several times as many.
const DEEPEST_NESTING: usize = 128;

/// Returns whether brackets are nested no deeper than the limit; the first one that is deeper is reported.
pub(crate) fn check_depth(session: &mut Session<'_>, tokens: &[Token]) -> bool {
    let Some(token) = too_deep(tokens) else { return true };
    let span = session.span(token.start as usize, token.end as usize);
    let message = format!("brackets are nested deeper than {DEEPEST_NESTING}");
    session.error(Code::E0011, span, message).emit();
    false
}

fn too_deep(tokens: &[Token]) -> Option<Token> {
    let mut depth = 0_usize;
    tokens.iter().copied().find(|token| {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '<' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '>' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST_NESTING
    })
}

/// Gives the tokens with a partner for every bracket; inserted brackets are empty tokens. `None` where the inserted
/// brackets would nest too deeply: then the text is not read at all.
pub(crate) fn balance(
    session: &mut Session<'_>,
    repairs: &mut Repairs,
    tokens: &[Token],
) -> Option<Vec<Token>> {
    let mut mender = Mender { session, repairs, tokens, inserted: Vec::new(), removed: Vec::new() };
    for problem in problems(mender.session.source, tokens) {
        mender.mend(problem);
    }
    Some(mender.rebuild()).filter(|balanced| too_deep(balanced).is_none())
}

/// Emits an error about a pair of brackets. If the pair spans lines, the proposed place is a guess, and a help says
/// that the canonical form's indentation would show the right one.
fn emit_with_advice(error: Builder<'_>, spans_lines: bool) {
    let advice = "formatting the text then indents what the brackets enclose";
    if spans_lines { error.help(advice).emit() } else { error.emit() }
}

struct Mender<'a, 's, 't> {
    session: &'s mut Session<'a>,
    repairs: &'s mut Repairs,
    tokens: &'t [Token],
    /// The inserted brackets, each with the index of the token before which it stands.
    inserted: Vec<(usize, char)>,
    removed: Vec<u32>,
}

impl Mender<'_, '_, '_> {
    fn mend(&mut self, problem: Problem) {
        match problem {
            Problem::Unclosed { open, before } => self.close(open as usize, before as usize),
            Problem::Unopened { symbol, word, before } => self.open(symbol, word as usize, before as usize),
            Problem::Stray { close } if self.is_comparison(close as usize) => {
                self.no_comparison(close as usize);
            }
            Problem::Stray { close } => {
                let close = close as usize;
                let symbol = self.text(close);
                let span = self.span(close);
                let message = format!("`{symbol}` closes nothing");
                self.session.error(Code::E0004, span, message).here("no bracket is open for it").emit();
                self.remove(close);
            }
            Problem::WrongKind { open, close } => {
                let (open, close) = (open as usize, close as usize);
                let right = closing(self.opening(open));
                let (opening, wrong) = (self.text(open), self.text(close));
                let (open_span, span) = (self.span(open), self.span(close));
                let lines = self.are_on_lines_of_their_own(open_span, span);
                let error = self.session.error(Code::E0004, span, format!("`{wrong}` closes `{opening}`"));
                let error = error.label(open_span, "opened here");
                let error = error.fix(format!("write `{right}`"), span, symbol_text(right));
                emit_with_advice(error, lines);
                self.remove(close);
                self.insert(close, right);
            }
            Problem::Misplaced { token } => self.misplaced(token as usize),
            Problem::Keyword { word, keyword, is_foreign: true } => {
                let (span, keyword) = (self.span(word as usize), keyword.text());
                let message = format!("`{}` begins no item", &self.session.source[span.range()]);
                let error = self.session.error(Code::E0001, span, message);
                error.fix(format!("write `{keyword}`"), span, keyword).emit();
                self.repairs.blank(span.start as usize, span.end as usize);
                self.repairs.insert(span.start as usize, keyword);
                self.repairs.mark_unreliable(span.start as usize);
            }
            Problem::Keyword { word, keyword, is_foreign: false } => {
                let (span, keyword) = (self.span(word as usize), keyword.text());
                let error = self.session.error(Code::E0001, span, "an item without its keyword");
                error.help("items begin with `block`, `network` or `table`").emit();
                self.repairs.insert(span.start as usize, keyword);
                self.repairs.insert(span.start as usize, " ");
                self.repairs.mark_unreliable(span.start as usize);
            }
            Problem::Braces { open, close } => {
                let (open, close) = (open as usize, close as usize);
                let (span, close_span) = (self.span(open), self.span(close));
                let error = self.session.error(Code::E0001, span, "`{ }` enclose only the body of an item");
                error
                    .label(close_span, "closed here")
                    .help("a group is written `[ … ]`, branches `< … >`")
                    .emit();
                self.remove(open);
                self.remove(close);
            }
        }
    }

    /// Returns whether a bracket and its counterpart do not share a line.
    fn are_on_lines_of_their_own(&self, open: Span, close: Span) -> bool {
        self.session.source[open.start as usize..close.start as usize].contains('\n')
    }

    fn close(&mut self, open: usize, before: usize) {
        if let TokenKind::Symbol(opening) = self.tokens[open].kind {
            let missing = closing(opening);
            let gap = self.gap(before);
            let open_span = self.span(open);
            let lines = self.are_on_lines_of_their_own(open_span, gap);
            let error = self.session.error(Code::E0003, gap, format!("`{opening}` is not closed"));
            let error = error.here(format!("`{missing}` is missing here")).label(open_span, "opened here");
            let error = error.fix(format!("put in `{missing}`"), gap, symbol_text(missing));
            emit_with_advice(error, lines);
            if opening != '{' {
                self.repairs.mark_unreliable(open_span.start as usize);
            }
            self.insert(before, missing);
            let next = self.tokens.get(before);
            let begins = |next: &Token| {
                next.leads && matches!(next.kind, TokenKind::Word | TokenKind::Symbol('[' | '@'))
            };
            if matches!(missing, ']' | '>') && next.is_some_and(begins) {
                self.insert(before, ';');
            }
        } else {
            // The opening bracket was inserted as well, and reported.
            let missing = closing(self.opening(open));
            self.insert(before, missing);
        }
    }

    fn open(&mut self, symbol: char, word: usize, before: usize) {
        let (shown, span) = (self.text(word), self.span(word));
        let gap = self.gap(before);
        let code = if symbol == '<' { Code::E0004 } else { Code::E0001 };
        let error = self.session.error(code, gap, format!("`{symbol}` is missing behind `{shown}`"));
        error
            .here("must stand here")
            .label(span, "begins here")
            .fix(format!("put in `{symbol}`"), gap, symbol_text(symbol))
            .emit();
        if symbol == '<' {
            self.repairs.mark_unreliable(span.start as usize);
        }
        self.insert(before, symbol);
    }

    fn misplaced(&mut self, token: usize) {
        let (shown, span) = (self.text(token), self.span(token));
        if self.is_comparison(token) {
            return self.no_comparison(token);
        }
        let message = match shown {
            ";" => "`;` inside parentheses".to_owned(),
            "|" => "`|` outside branches".to_owned(),
            "<" => "`<` without the word of a branch form before it".to_owned(),
            _ => format!("`{shown}` may not stand here"),
        };
        let error = self.session.error(Code::E0001, span, message);
        match shown {
            "|" => error.help("branches stand between `<` and `>`, behind a word such as `residual`").emit(),
            "<" => error.help("`residual < … >`, `concat < … | … >`").emit(),
            _ => error.emit(),
        };
        self.remove(token);
    }

    /// Returns whether this is a lone `<` or `>` where `expect` compares.
    fn is_comparison(&self, token: usize) -> bool {
        let before = token.checked_sub(2).map(|expect| [self.tokens[expect], self.tokens[expect + 1]]);
        let after_path = before
            .is_some_and(|[expect, path]| expect.kind == TokenKind::Word && path.kind == TokenKind::Path);
        after_path && (self.tokens[token].is('<') || self.tokens[token].is('>'))
    }

    fn no_comparison(&mut self, token: usize) {
        let (shown, span) = (self.text(token), self.span(token));
        let right = if shown == "<" { "<=" } else { ">=" };
        let error = self.session.error(Code::E0001, span, format!("`{shown}` is no comparison"));
        error.fix(format!("write `{right}`"), span, right).emit();
        self.remove(token);
    }

    /// The opening bracket at a token, or the one that was inserted behind it.
    fn opening(&self, token: usize) -> char {
        match self.tokens[token].kind {
            TokenKind::Symbol(symbol) => symbol,
            _ if matches!(self.text(token), "block" | "network" | "table") => '{',
            _ => '<',
        }
    }

    fn text(&self, token: usize) -> &'static str {
        // Messages show only brackets, separators and keywords of forms and items.
        let token = self.tokens[token];
        let text = &self.session.source[token.start as usize..token.end as usize];
        let known = ["(", ")", "[", "]", "<", ">", "{", "}", ";", "|", "block", "network", "table"];
        let mut words = known.into_iter().chain(FORM_WORDS);
        words.find(|&word| word == text).unwrap_or("…")
    }

    fn span(&self, token: usize) -> Span {
        let token = self.tokens[token];
        self.session.span(token.start as usize, token.end as usize)
    }

    /// The empty span behind the token before `before`.
    fn gap(&self, before: usize) -> Span {
        let at = before.checked_sub(1).map_or(0, |last| self.tokens[last].end as usize);
        self.session.span(at, at)
    }

    fn insert(&mut self, before: usize, symbol: char) {
        let at = self.gap(before).start as usize;
        // A space keeps a `-` and the inserted `>` apart, which would read as an arrow.
        self.repairs.insert(at, " ");
        self.repairs.insert(at, symbol_text(symbol));
        self.repairs.insert(at, " ");
        self.inserted.push((before, symbol));
    }

    fn remove(&mut self, token: usize) {
        let range = self.span(token).range();
        self.repairs.mark_unreliable(range.start);
        self.repairs.blank(range.start, range.end);
        self.removed.push(token as u32);
    }

    fn rebuild(mut self) -> Vec<Token> {
        if self.inserted.is_empty() && self.removed.is_empty() {
            return self.tokens.to_vec();
        }
        self.inserted.sort_by_key(|&(before, _)| before);
        self.removed.sort_unstable();
        let mut inserted = self.inserted.iter().peekable();
        let mut removed = self.removed.iter().peekable();
        let mut rebuilt = Vec::with_capacity(self.tokens.len() + self.inserted.len());
        for at in 0..=self.tokens.len() {
            while let Some(&(_, symbol)) = inserted.next_if(|&&(before, _)| before == at) {
                let place = self.gap(at).start;
                rebuilt.push(Token {
                    kind: TokenKind::Symbol(symbol),
                    start: place,
                    end: place,
                    leads: false,
                });
            }
            let gone = removed.next_if(|&&token| token as usize == at).is_some();
            while removed.next_if(|&&token| token as usize == at).is_some() {}
            rebuilt.extend(self.tokens.get(at).copied().filter(|_| !gone));
        }
        rebuilt
    }
}

fn symbol_text(symbol: char) -> &'static str {
    match symbol {
        '(' => "(",
        ')' => ")",
        '[' => "[",
        ']' => "]",
        '<' => "<",
        '>' => ">",
        '{' => "{",
        '}' => "}",
        _ => ";",
    }
}
