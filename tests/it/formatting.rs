//! The formatter over generated programs with comments and line breaks thrown in wherever they may stand.
//!
//! `CNNC_FORMAT_PROGRAMS` says how many programs are tried.

use cnnc::base::SourceMap;
use cnnc::diag::Sink;
use cnnc::syntax::format::{WIDTH, format};
use cnnc::syntax::{Parsed, TokenKind, parse, write};

fn read(text: &str) -> Parsed {
    let mut map = SourceMap::default();
    let file = map.add("test.cnn", text);
    let mut sink = Sink::default();
    let parsed = parse(&map, file, &mut sink);
    assert!(!parsed.tree.broken, "{text}\n{:?}", sink.into_sorted());
    parsed
}

fn is_understood(text: &str) -> bool {
    let mut map = SourceMap::default();
    let file = map.add("test.cnn", text);
    !parse(&map, file, &mut Sink::default()).tree.broken
}

/// Tokens but `;` and `|`, and comments, in order.
fn contents(parsed: &Parsed) -> Vec<&str> {
    let mut contents = Vec::new();
    let mut comments = parsed.comments.iter().peekable();
    for (at, token) in parsed.tokens.iter().enumerate() {
        while let Some(comment) = comments.next_if(|comment| comment.tokens_before <= at) {
            contents.push(parsed.comment_text(*comment).trim_end());
        }
        if !matches!(token.kind, TokenKind::Symbol(';' | '|')) {
            contents.push(parsed.token_text(*token));
        }
    }
    contents.extend(comments.map(|comment| parsed.comment_text(*comment).trim_end()));
    contents
}

/// What must hold of a text and its canonical form.
fn check(text: &str) {
    let before = read(text);
    let formatted = format(&before, &()).unwrap();
    let after = read(&formatted);
    let twice = format(&after, &()).unwrap();
    let differs = formatted.lines().zip(twice.lines()).position(|(once, twice)| once != twice);
    if let Some(at) = differs.or((formatted.len() != twice.len()).then_some(0)) {
        let around =
            |text: &str| text.lines().skip(at.saturating_sub(3)).take(6).collect::<Vec<_>>().join("\n");
        panic!("formatted once:\n{}\ntwice:\n{}", around(&formatted), around(&twice));
    }
    assert_eq!(contents(&before), contents(&after), "tokens and comments:\n{text}\n{formatted}");
    assert_eq!(write(&before.tree), write(&after.tree), "meaning:\n{text}\n{formatted}");
    for (number, line) in formatted.lines().enumerate() {
        assert_eq!(line, line.trim_end(), "line {number}:\n{formatted}");
        assert!(!line.ends_with("; >") && !line.contains("; |") && !line.contains("\t"), "{line}");
    }
    assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n'), "{formatted}");
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn choose<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// Writes a random program; between two of its pieces white space and comments may stand.
struct Program {
    random: Random,
    text: String,
    comments: u64,
    /// One in how many gaps has a comment; 0 for none.
    comment_rate: u64,
}

impl Program {
    /// A piece, with something before it.
    fn piece(&mut self, text: &str) {
        if self.comment_rate > 0 && self.random.one_in(self.comment_rate) {
            self.comments += 1;
            let before = self.random.choose(&["", " ", "\n", "\n\n\n  "]);
            let hashes = self.random.choose(&["#", "# ", "#! "]);
            self.text += &format!("{before}{hashes}c{}  \n", self.comments);
        }
        let space = self.random.choose(&[" ", " ", "  ", "\n", "\n\n", "\t", "\r\n"]);
        self.text += space;
        self.text += text;
    }

    /// A piece that follows without white space.
    fn glued(&mut self, text: &str) {
        self.text += text;
    }

    fn expression(&mut self, depth: u64) {
        match self.random.below(if depth > 2 { 3 } else { 8 }) {
            0 => self.piece("1_0"),
            1 => self.piece("n"),
            2 => self.piece("in.c"),
            3 => {
                self.piece("-");
                self.expression(depth + 1);
            }
            4 => {
                self.piece("(");
                self.expression(depth + 1);
                self.piece(")");
            }
            5 => {
                self.piece("min(");
                self.expression(depth + 1);
                self.piece(",");
                self.expression(depth + 1);
                self.piece(")");
            }
            _ => {
                self.expression(depth + 1);
                let operator = self.random.choose(&["+", "-", "*", "/", "//", "%", "^"]);
                self.piece(operator);
                self.expression(depth + 1);
            }
        }
    }

    fn parenthesised(&mut self) {
        self.glued("(");
        self.expression(0);
        self.piece(")");
    }

    fn dimension(&mut self) {
        if self.random.one_in(4) { self.parenthesised() } else { self.glued("3") }
    }

    fn size(&mut self) {
        self.piece("");
        self.dimension();
        self.glued("x");
        self.dimension();
        self.glued("x");
        self.dimension();
        if self.random.one_in(3) {
            self.glued("/");
            self.dimension();
        }
    }

    fn args(&mut self) {
        // A second size would look like the beginning of another statement.
        if self.random.one_in(2) {
            self.size();
        }
        for _ in 0..self.random.below(3) {
            match self.random.below(6) {
                0 | 1 => {
                    self.piece("pad=");
                    self.glued("(1,");
                    self.piece("2");
                    self.piece(")");
                }
                2 => self.piece("k=-1.5"),
                3 => {
                    self.piece("");
                    self.parenthesised();
                }
                _ => {
                    let word = self.random.choose(&["same", "bn", "relu", "a_rather_long_word_of_a_block"]);
                    self.piece(word);
                }
            }
        }
    }

    fn suffixes(&mut self, repeats: bool) {
        if repeats && self.random.one_in(4) {
            self.piece("*");
            self.piece("");
            self.dimension();
        }
        if self.random.one_in(4) {
            self.piece("->");
            self.piece("?x?x");
            self.dimension();
        }
        if self.random.one_in(4) {
            self.piece("as");
            let name = self.random.choose(&["a", "a.\"b-1\"", "s[]", "x.\"y*\""]);
            self.piece(name);
        }
    }

    fn statement(&mut self, depth: u64) {
        match self.random.below(if depth > 2 { 5 } else { 8 }) {
            0 => {
                self.piece("b(");
                self.expression(0);
                self.piece(",");
                self.piece("s");
                self.piece("=");
                self.expression(0);
                self.piece(")");
                self.piece("relu");
                self.suffixes(true);
            }
            1 => self.piece("@a.b"),
            2 => {
                self.piece("let");
                self.piece("x");
                self.piece("=");
                self.expression(0);
            }
            3 | 4 => {
                let word = self.random.choose(&["conv", "maxpool", "dense"]);
                self.piece(word);
                self.args();
                self.suffixes(true);
            }
            5 => {
                self.piece("[");
                self.body(depth + 1, false);
                self.piece("]");
                self.suffixes(true);
            }
            _ => {
                self.piece("add");
                self.args();
                self.piece("<");
                if self.random.one_in(2) {
                    self.piece("|");
                }
                for branch in 0..=self.random.below(3) {
                    if branch > 0 {
                        self.piece("|");
                    }
                    self.body(depth + 1, false);
                }
                self.piece(">");
                if self.random.one_in(2) {
                    self.piece("relu");
                }
                self.suffixes(true);
            }
        }
    }

    fn body(&mut self, depth: u64, ended: bool) {
        let count = 1 + self.random.below(4);
        for index in 0..count {
            self.statement(depth);
            if index + 1 < count || ended || self.random.one_in(3) {
                self.piece(";");
            }
        }
    }

    fn file(mut self) -> String {
        if self.random.one_in(2) {
            self.body(0, true);
        } else {
            self.piece("cnn");
            self.piece("1");
            self.piece(";");
            for _ in 0..=self.random.below(3) {
                match self.random.below(4) {
                    0 => {
                        self.piece("use \"a.cnn\"");
                        self.piece(";");
                    }
                    1 => {
                        self.piece("table");
                        self.piece("t");
                        self.piece("2");
                        self.piece("->");
                        self.piece("2");
                        self.piece("{");
                        self.piece("0");
                        self.piece("1");
                        self.piece(";");
                        self.piece("1");
                        self.piece("}");
                    }
                    2 => {
                        self.piece("network");
                        self.piece("m");
                        self.piece("=");
                        self.piece("n(2,");
                        self.piece("c=3)");
                        self.piece(";");
                    }
                    _ => {
                        self.piece("inline");
                        self.piece("block");
                        self.piece("b");
                        self.piece("(");
                        self.piece("n,");
                        self.piece("word");
                        self.piece("act");
                        self.piece("=");
                        self.piece("relu");
                        self.piece(")");
                        self.piece("{");
                        self.body(0, false);
                        self.piece("}");
                    }
                }
            }
        }
        if self.random.one_in(3) {
            self.text += "\n# the end";
        }
        self.text
    }
}

#[test]
fn formatting_changes_nothing_but_the_layout() {
    let count = std::env::var("CNNC_FORMAT_PROGRAMS").ok().and_then(|count| count.parse().ok());
    let count: u64 = count.unwrap_or(if cfg!(debug_assertions) { 200 } else { 2000 });
    let mut refused = 0;
    for seed in 1..=count {
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // Without comments, with a few, and with one in every other gap.
        let comment_rate = [0, 20, 2][(seed % 3) as usize];
        let text = Program { random, text: String::new(), comments: 0, comment_rate }.file();
        // A few look as if a `;` were missing.
        if is_understood(&text) {
            check(&text);
        } else {
            refused += 1;
        }
    }
    assert!(refused * 3 < count, "{refused} of {count} programs were refused");
}

#[test]
fn files_are_formatted_whole() {
    for text in [
        include_str!("../corpus/syntax.cnn"),
        include_str!("../corpus/resnet.cnn"),
        include_str!("../corpus/inception_module.cnn"),
        include_str!("../corpus/lenet5_1998.cnn"),
        "\u{feff}relu;\r\nconv 3x3x8; # windows\r\n",
    ] {
        check(text);
        check(&text.replace("\r\n", "\n").replace('\n', "\r\n"));
    }
}

#[test]
fn the_time_is_linear_in_the_length_whatever_the_depth() {
    let deep = format!("{}relu{}", "add < a | [".repeat(20), "] * 2 >".repeat(20));
    let long = format!("{deep};\n").repeat(20);
    let start = std::time::Instant::now();
    check(&long);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    assert!(format(&read(&long), &()).unwrap().lines().any(|line| line.len() > WIDTH));
}
