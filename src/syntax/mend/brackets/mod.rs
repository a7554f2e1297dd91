//! Pairs the brackets of a text, and finds which must be inserted or removed so that each has a partner.
//!
//! The text is divided where an item starts a line, so that a forgotten bracket affects one item only. Each piece is
//! read in two ways, by order alone and by indentation, and the reading with fewer problems is taken. Nothing is
//! reported here.

mod branches;
mod headers;
mod indentation;
mod pieces;
mod problem;

use crate::syntax::token::{Token, TokenKind};

use pieces::{indents, piece_end, text};
pub(crate) use problem::{ItemKeyword, Problem, closing};

/// The words of the branch forms. They serve only to guess where a `<` was forgotten.
pub(crate) const FORM_WORDS: [&str; 10] =
    ["residual", "inception", "concat", "add", "sub", "mul", "max", "min", "split", "aux"];

/// The number of tokens of a line that are examined behind an empty pair of parentheses; lines that people write are
/// shorter.
const LONGEST_LOOK: usize = 512;

/// The problems of all brackets, in the order of the text.
pub(crate) fn problems(source: &str, tokens: &[Token]) -> Vec<Problem> {
    let indents = indents(source, tokens);
    let mut found = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        let end = piece_end(source, tokens, &indents, start);
        let read = |by_indentation| Reader::new(source, tokens, &indents, start, end, by_indentation).read();
        let plain = read(false);
        if !plain.is_empty() {
            let indented = read(true);
            found.extend(if indented.len() <= plain.len() { indented } else { plain });
        }
        start = end;
    }
    found
}

/// An open bracket.
struct Open {
    symbol: char,
    /// Its token; for an inserted bracket, the token behind it.
    at: usize,
    indent: usize,
    /// The first token of the statement that is being read inside it.
    statement: usize,
    /// A statement inside it that begins with the word of a form but has no `<`.
    form: Option<usize>,
    /// Braces around statements, which mean nothing.
    foreign: bool,
}

struct Reader<'a> {
    source: &'a str,
    tokens: &'a [Token],
    indents: &'a [usize],
    start: usize,
    end: usize,
    by_indentation: bool,
    open: Vec<Open>,
    /// For each kind `[`, `<`, `{`: how many more brackets are opened than closed in the piece.
    excess: [isize; 3],
    /// The keyword of an item without `{`, and the token before which it is missing.
    header_end: Option<(usize, usize)>,
    problems: Vec<Problem>,
}

fn kind_index(symbol: char) -> usize {
    match symbol {
        '[' | ']' => 0,
        '<' | '>' => 1,
        _ => 2,
    }
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a str,
        tokens: &'a [Token],
        indents: &'a [usize],
        start: usize,
        end: usize,
        by_indentation: bool,
    ) -> Reader<'a> {
        let mut excess = [0; 3];
        for token in &tokens[start..end] {
            if let TokenKind::Symbol(symbol @ ('[' | '<' | '{')) = token.kind {
                excess[kind_index(symbol)] += 1;
            } else if let TokenKind::Symbol(symbol @ (']' | '>' | '}')) = token.kind {
                excess[kind_index(symbol)] -= 1;
            }
        }
        let file = Open { symbol: ' ', at: start, indent: 0, statement: start, form: None, foreign: false };
        let (open, problems) = (vec![file], Vec::new());
        let header_end = None;
        Reader { source, tokens, indents, start, end, by_indentation, open, excess, header_end, problems }
    }

    fn read(mut self) -> Vec<Problem> {
        for at in self.start..self.end {
            self.open_body(at);
            let token = self.tokens[at];
            if self.by_indentation && token.leads && at > self.start {
                self.close_by_indentation(at);
            }
            match token.kind {
                TokenKind::Symbol(symbol) => self.symbol(at, symbol),
                TokenKind::Word => self.word(at),
                _ => {}
            }
        }
        self.open_body(self.end);
        while self.open.len() > 1 {
            self.unclosed(self.end);
        }
        self.problems
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().expect("the file is never closed")
    }

    fn push(&mut self, symbol: char, at: usize) {
        if symbol != '(' {
            // Nothing that is inserted later may cross this bracket.
            self.top().form = None;
        }
        let foreign = false;
        self.open.push(Open { symbol, at, indent: self.indents[at], statement: at + 1, form: None, foreign });
    }

    fn pop(&mut self, at: usize) {
        let closed = self.open.pop().expect("a bracket is open");
        if closed.foreign {
            self.problems.push(Problem::Braces { open: closed.at as u32, close: at as u32 });
        }
        if closed.symbol == '{' {
            self.top().statement = at + 1;
        }
    }

    /// Ends the innermost bracket before `before`.
    fn unclosed(&mut self, before: usize) {
        let closed = self.open.pop().expect("a bracket is open");
        if closed.symbol != '(' {
            self.excess[kind_index(closed.symbol)] -= 1;
        }
        if closed.foreign {
            self.problems.push(Problem::Misplaced { token: closed.at as u32 });
        } else {
            self.problems.push(Problem::Unclosed { open: closed.at as u32, before: before as u32 });
        }
        if closed.symbol == '{' {
            self.top().statement = before;
        }
    }

    fn word(&mut self, at: usize) {
        let word = text(self.source, &self.tokens[at]);
        let is_item = matches!(word, "block" | "network" | "table");
        if self.top().symbol == '(' {
            return;
        }
        let inline = at > self.start && text(self.source, &self.tokens[at - 1]) == "inline";
        if self.top().statement != at && !(is_item && inline && self.top().statement == at - 1) {
            if !(is_item && matches!(self.top().symbol, ' ' | '{') && self.looks_like_header(at)) {
                return;
            }
            self.top().statement = at;
        }
        if FORM_WORDS.contains(&word) {
            self.top().form = Some(at);
        } else if is_item {
            self.header(at);
        }
    }

    fn symbol(&mut self, at: usize, symbol: char) {
        if self.top().symbol == '(' && matches!(symbol, ';' | '|' | '<' | '>' | '[' | ']' | '{' | '}') {
            if self.closes_on_this_line(at) {
                self.problems.push(Problem::Misplaced { token: at as u32 });
                return;
            }
            while self.top().symbol == '(' {
                self.unclosed(at);
            }
        }
        match symbol {
            ';' if self.splits_header(at) => {}
            ';' => self.top().statement = at + 1,
            '|' => self.bar(at),
            '(' => self.push('(', at),
            '[' => self.push('[', at),
            '<' => self.branches(at),
            '{' => self.brace(at),
            ')' if self.top().symbol == '(' && self.empties_parentheses(at) => self.stray(at),
            ')' if self.top().symbol == '(' => self.pop(at),
            ')' => self.stray(at),
            '>' | ']' | '}' => self.close(at, symbol),
            _ => {}
        }
    }

    /// Returns whether a `)` stands behind this token, before the line or statement ends.
    fn closes_on_this_line(&self, at: usize) -> bool {
        let mut depth = 0;
        for token in self.tokens[at + 1..self.end].iter().take_while(|token| !token.leads) {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') if depth == 0 => return true,
                TokenKind::Symbol(')') => depth -= 1,
                TokenKind::Symbol(';' | '|' | '<' | '>' | '[' | ']' | '{' | '}') => return false,
                _ => {}
            }
        }
        false
    }

    /// Returns whether a `)` stands directly behind its `(` although another one could close it.
    fn empties_parentheses(&self, at: usize) -> bool {
        if !self.tokens[at - 1].is('(') {
            return false;
        }
        let around = self.open.iter().rev().take_while(|open| open.symbol == '(').count();
        let (mut depth, mut closers) = (0, 0);
        let line = self.tokens[at + 1..self.end].iter().take_while(|token| !token.leads);
        for token in line.take(LONGEST_LOOK) {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') if depth == 0 => closers += 1,
                TokenKind::Symbol(')') => depth -= 1,
                TokenKind::Symbol(';' | '|' | '<' | '>' | '[' | ']' | '{' | '}') => break,
                _ => {}
            }
        }
        closers >= around
    }

    fn brace(&mut self, at: usize) {
        let statement = self.top().statement;
        let header = statement < at && self.is_item_keyword(statement);
        if !header && self.excess[2] > 0 {
            self.excess[2] -= 1;
            self.problems.push(Problem::Misplaced { token: at as u32 });
            return;
        }
        let in_file = self.open.len() == 1;
        self.push('{', at);
        let names_item = statement < at
            && self.tokens[statement].kind == TokenKind::Word
            && !FORM_WORDS.contains(&text(self.source, &self.tokens[statement]));
        if in_file && !header && names_item {
            // `def f(n) {`: a word of another language in place of the keyword.
            let is_foreign = self.tokens[statement + 1].kind == TokenKind::Word;
            let keyword = match self.tokens[statement + 1 + usize::from(is_foreign)].kind {
                TokenKind::Number => ItemKeyword::Table,
                _ if self.begins_network(at + 1) => ItemKeyword::Network,
                _ => ItemKeyword::Block,
            };
            self.problems.push(Problem::Keyword { word: statement as u32, keyword, is_foreign });
        } else {
            self.top().foreign = !header;
        }
    }

    /// Returns whether the first word of a body is one that only networks have.
    fn begins_network(&self, at: usize) -> bool {
        let word = self.tokens.get(at).map_or("", |token| text(self.source, token));
        matches!(word, "input" | "labels" | "expect")
    }

    fn close(&mut self, at: usize, symbol: char) {
        if closing(self.top().symbol) == symbol && self.open.len() > 1 {
            return self.pop(at);
        }
        let walls = self.open.iter().rposition(|open| open.symbol == '{').unwrap_or(0);
        let lowest = if symbol == '}' { 1 } else { walls.max(1) };
        let partner =
            (lowest..self.open.len()).rev().find(|&index| closing(self.open[index].symbol) == symbol);
        let surplus = self.excess[kind_index(symbol)] < 0;
        let top_is_open = self.open.len() > 1 && self.excess[kind_index(self.top().symbol)] > 0;
        match partner {
            Some(partner) if !surplus || top_is_open => {
                while self.open.len() > partner + 1 {
                    self.unclosed(at);
                }
                self.pop(at);
            }
            None if surplus && top_is_open && self.top().symbol != '{' => {
                self.excess[kind_index(symbol)] += 1;
                let open = self.top().at;
                self.excess[kind_index(self.tokens_symbol(open))] -= 1;
                self.problems.push(Problem::WrongKind { open: open as u32, close: at as u32 });
                self.open.pop();
            }
            _ if symbol == '>' && self.open_forgotten_branches(at) => self.pop(at),
            _ => {
                self.excess[kind_index(symbol)] += 1;
                self.stray(at);
            }
        }
    }

    fn stray(&mut self, at: usize) {
        self.problems.push(Problem::Stray { close: at as u32 });
        let top = self.top();
        if top.statement == at {
            top.statement = at + 1;
        }
    }

    fn tokens_symbol(&self, at: usize) -> char {
        match self.tokens[at].kind {
            TokenKind::Symbol(symbol) => symbol,
            _ => '<',
        }
    }
}
