//! The formatter over generated programs with comments and line breaks thrown in wherever they may stand.
//!
//! `CNNC_FORMAT_PROGRAMS` says how many programs are tried.

use std::path::Path;

use cnnc::base::SourceMap;
use cnnc::diag::Sink;
use cnnc::syntax::ast::File;
use cnnc::syntax::format::{WIDTH, format};
use cnnc::syntax::{Parsed, TokenKind, parse, write};

use crate::canonical::programs;
use crate::layouts::Writer;

/// The tokens, comments and tree of a text without errors.
pub(crate) fn read(text: &str) -> Parsed {
    let mut map = SourceMap::default();
    let file = map.add("test.cnn", text);
    let mut sink = Sink::default();
    let parsed = parse(&map, file, &mut sink);
    assert!(!parsed.tree.broken, "{text}\n{:?}", sink.into_sorted());
    parsed
}

/// The text of a tree.
fn written(tree: &File) -> String {
    let mut text = String::new();
    write(tree, &mut |lines| text.push_str(lines));
    text
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
    assert_eq!(written(&before.tree), written(&after.tree), "meaning:\n{text}\n{formatted}");
    for (number, line) in formatted.lines().enumerate() {
        assert_eq!(line, line.trim_end(), "line {number}:\n{formatted}");
        assert!(!line.ends_with("; >") && !line.contains("; |") && !line.contains("\t"), "{line}");
    }
    assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n'), "{formatted}");
}

/// Writes random programs that are understood, whether or not they mean anything.
struct Program(Writer);

impl Program {
    fn expression(&mut self, depth: u64) {
        match self.0.random.below(if depth > 2 { 3 } else { 8 }) {
            0 => self.0.piece("1_0"),
            1 => self.0.piece("n"),
            2 => self.0.piece("in.c"),
            3 => {
                self.0.piece("-");
                self.expression(depth + 1);
            }
            4 => {
                self.0.piece("(");
                self.expression(depth + 1);
                self.0.piece(")");
            }
            5 => {
                self.0.piece("min(");
                self.expression(depth + 1);
                self.0.piece(",");
                self.expression(depth + 1);
                self.0.piece(")");
            }
            _ => {
                self.expression(depth + 1);
                let operator = self.0.random.choose(&["+", "-", "*", "/", "//", "%", "^"]);
                self.0.piece(operator);
                self.expression(depth + 1);
            }
        }
    }

    fn parenthesised(&mut self) {
        self.0.glued("(");
        self.expression(0);
        self.0.piece(")");
    }

    fn dimension(&mut self) {
        if self.0.random.one_in(4) { self.parenthesised() } else { self.0.glued("3") }
    }

    fn size(&mut self) {
        self.0.piece("");
        self.dimension();
        self.0.glued("x");
        self.dimension();
        self.0.glued("x");
        self.dimension();
        if self.0.random.one_in(3) {
            self.0.glued("/");
            self.dimension();
        }
    }

    fn args(&mut self) {
        // A second size would look like the beginning of another statement.
        if self.0.random.one_in(2) {
            self.size();
        }
        for _ in 0..self.0.random.below(3) {
            match self.0.random.below(6) {
                0 | 1 => {
                    self.0.piece("pad=");
                    self.0.glued("(1,");
                    self.0.piece("2");
                    self.0.piece(")");
                }
                2 => self.0.piece("k=-1.5"),
                3 => {
                    self.0.piece("");
                    self.parenthesised();
                }
                _ => {
                    let word = self.0.random.choose(&["same", "bn", "relu", "a_rather_long_word_of_a_block"]);
                    self.0.piece(word);
                }
            }
        }
    }

    fn suffixes(&mut self, repeats: bool) {
        if repeats && self.0.random.one_in(4) {
            self.0.piece("*");
            self.0.piece("");
            self.dimension();
        }
        if self.0.random.one_in(4) {
            self.0.piece("->");
            self.0.piece("?x?x");
            self.dimension();
        }
        if self.0.random.one_in(4) {
            self.0.piece("as");
            let name = self.0.random.choose(&["a", "a.\"b-1\"", "s[]", "x.\"y*\""]);
            self.0.piece(name);
        }
    }

    fn statement(&mut self, depth: u64) {
        match self.0.random.below(if depth > 2 { 5 } else { 8 }) {
            0 => {
                self.0.piece("b(");
                self.expression(0);
                self.0.piece(",");
                self.0.piece("s");
                self.0.piece("=");
                self.expression(0);
                self.0.piece(")");
                self.0.piece("relu");
                self.suffixes(true);
            }
            1 => self.0.piece("@a.b"),
            2 => {
                self.0.piece("let");
                self.0.piece("x");
                self.0.piece("=");
                self.expression(0);
            }
            3 | 4 => {
                let word = self.0.random.choose(&["conv", "maxpool", "dense"]);
                self.0.piece(word);
                self.args();
                self.suffixes(true);
            }
            5 => {
                self.0.piece("[");
                self.body(depth + 1, false);
                self.0.piece("]");
                self.suffixes(true);
            }
            _ => {
                self.0.piece("add");
                self.args();
                self.0.piece("<");
                if self.0.random.one_in(2) {
                    self.0.piece("|");
                }
                for branch in 0..=self.0.random.below(3) {
                    if branch > 0 {
                        self.0.piece("|");
                    }
                    self.body(depth + 1, false);
                }
                self.0.piece(">");
                if self.0.random.one_in(2) {
                    self.0.piece("relu");
                }
                self.suffixes(true);
            }
        }
    }

    fn body(&mut self, depth: u64, ended: bool) {
        let count = 1 + self.0.random.below(4);
        for index in 0..count {
            self.statement(depth);
            if index + 1 < count || ended || self.0.random.one_in(3) {
                self.0.piece(";");
            }
        }
    }

    fn file(mut self) -> String {
        if self.0.random.one_in(2) {
            self.body(0, true);
        } else {
            self.0.piece("cnn");
            self.0.piece("1");
            self.0.piece(";");
            for _ in 0..=self.0.random.below(3) {
                match self.0.random.below(4) {
                    0 => {
                        self.0.piece("use \"a.cnn\"");
                        self.0.piece(";");
                    }
                    1 => {
                        self.0.piece("table");
                        self.0.piece("t");
                        self.0.piece("2");
                        self.0.piece("->");
                        self.0.piece("2");
                        self.0.piece("{");
                        self.0.piece("0");
                        self.0.piece("1");
                        self.0.piece(";");
                        self.0.piece("1");
                        self.0.piece("}");
                    }
                    2 => {
                        self.0.piece("network");
                        self.0.piece("m");
                        self.0.piece("=");
                        self.0.piece("n(2,");
                        self.0.piece("c=3)");
                        self.0.piece(";");
                    }
                    _ => {
                        self.0.piece("inline");
                        self.0.piece("block");
                        self.0.piece("b");
                        self.0.piece("(");
                        self.0.piece("n,");
                        self.0.piece("word");
                        self.0.piece("act");
                        self.0.piece("=");
                        self.0.piece("relu");
                        self.0.piece(")");
                        self.0.piece("{");
                        self.body(0, false);
                        self.0.piece("}");
                    }
                }
            }
        }
        if self.0.random.one_in(3) {
            self.0.text += "\n# the end";
        }
        self.0.text
    }
}

#[test]
fn formatting_changes_nothing_but_the_layout() {
    let count = std::env::var("CNNC_FORMAT_PROGRAMS").ok().and_then(|count| count.parse().ok());
    let count: u64 = count.unwrap_or(if cfg!(debug_assertions) { 200 } else { 2000 });
    let mut refused = 0;
    for seed in 1..=count {
        let text = Program(Writer::new(seed)).file();
        // A few look as if a `;` were missing.
        if is_understood(&text) {
            check(&text);
        } else {
            refused += 1;
        }
    }
    println!("{} programs were formatted", count - refused);
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

/// A text whose white space is thrown about, with comments between tokens that something divides or may divide.
fn scattered(parsed: &Parsed, seed: u64) -> String {
    let mut writer = Writer::new(seed);
    let mut end = 0;
    let mut comments = parsed.comments.iter().peekable();
    for (at, token) in parsed.tokens.iter().enumerate() {
        // What silences a lint or describes an item stays in the line before it.
        while let Some(comment) = comments.next_if(|comment| comment.tokens_before <= at) {
            writer.glued(if comment.own_line { "\n" } else { " " });
            writer.glued(parsed.comment_text(*comment));
            writer.glued("\n");
            end = 0;
        }
        let text = parsed.token_text(*token);
        let ends = matches!(token.kind, TokenKind::Symbol(';' | ',' | '|' | ')' | ']' | '}' | '>'));
        let may_part = ends || end != token.start;
        if may_part {
            writer.piece(text)
        } else {
            writer.glued(text)
        }
        end = token.end;
    }
    for comment in comments {
        writer.glued("\n");
        writer.glued(parsed.comment_text(*comment));
    }
    writer.text
}

#[test]
fn shipped_files_keep_their_meaning_in_any_layout() {
    let mut files = Vec::new();
    for folder in ["examples", "tests/corpus", "tests/fixtures"] {
        programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let mut checked = 0;
    for (file, seed) in files.iter().flat_map(|file| (1..=3).map(move |seed| (file, seed))) {
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = read(&text);
        let scattered = scattered(&parsed, seed);
        // A flag of `input` in a line of its own looks like a statement.
        if is_understood(&scattered) {
            assert_eq!(written(&parsed.tree), written(&read(&scattered).tree), "{file:?} {seed}");
            check(&scattered);
            checked += 1;
        }
    }
    assert!(checked > 2 * files.len(), "{checked} layouts of {} files", files.len());
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
