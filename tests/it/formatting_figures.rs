//! Formatting changes no figure: networks that compile, in random layouts with comments, before and after.
//!
//! `CNNC_FORMAT_PROGRAMS` says how many programs are tried.

use cnnc::diag::Code;
use cnnc::driver::{Options, Session};
use cnnc::report::{Report, ReportSettings};
use cnnc::sema::CatalogueOrder;
use cnnc::syntax::Parsed;
use cnnc::syntax::format::format;
use serde_json::Value;

use crate::formatting::read;
use crate::layouts::Writer;

#[derive(Clone, Copy)]
struct Shape {
    height: u64,
    width: u64,
    channels: u64,
}

impl Shape {
    fn written(self) -> String {
        format!("{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// Writes random networks that compile: it knows the shape behind each statement.
struct Network {
    writer: Writer,
    shape: Shape,
    /// The names of the network so far, with their shapes.
    names: Vec<(String, Shape)>,
    /// Whether a statement may have a name: within branches, groups and blocks none has.
    may_name: bool,
}

impl Network {
    fn below(&mut self, end: u64) -> u64 {
        self.writer.random.below(end)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.writer.random.one_in(count)
    }

    fn pieces(&mut self, text: &str) {
        self.writer.pieces(text);
    }

    /// A convolution that keeps height and width.
    fn conv(&mut self, channels: u64) {
        if self.one_in(6) {
            // The warning of an even window is silenced above the statement; it must stay so.
            self.writer.glued("\n# allow W0204\n");
            self.writer.glued(&format!("conv 2x2x{channels} same"));
        } else {
            let kernel = [1, 3, 5][self.below(3) as usize];
            self.pieces(&format!("conv {kernel}x{kernel}x{channels}"));
            match self.below(4) {
                0 => self.pieces("same"),
                1 => self.pieces(&format!("groups=1 pad={}", kernel / 2)),
                2 => {
                    let pad = kernel / 2;
                    self.pieces(&format!("pad=({pad}, {pad}) bias"));
                }
                _ => self.pieces("dilate=1 same nobias"),
            }
        }
        for word in ["bn", "relu"] {
            if self.one_in(2) {
                self.pieces(word);
            }
        }
        self.shape.channels = channels;
    }

    /// What may stand behind a statement.
    fn suffixes(&mut self) {
        if self.one_in(4) {
            let shape = self.shape.written();
            self.pieces(&format!("-> {shape}"));
        }
        if self.may_name && self.one_in(3) {
            let name = format!("name{}", self.names.len());
            self.pieces(&format!("as {name}"));
            self.names.push((name, self.shape));
        }
    }

    /// Statements within brackets, from `shape`.
    fn inner(&mut self, shape: Shape, depth: u64, keeps: bool) -> Shape {
        let outer = (self.shape, self.may_name);
        (self.shape, self.may_name) = (shape, false);
        let count = 1 + self.below(3);
        for index in 0..count {
            self.statement(depth + 1);
            if index + 1 < count || self.one_in(3) || keeps {
                self.pieces(";");
            }
        }
        if keeps {
            self.conv(shape.channels);
        }
        let inner = self.shape;
        (self.shape, self.may_name) = outer;
        inner
    }

    fn statement(&mut self, depth: u64) {
        let shape = self.shape;
        match self.below(if depth > 2 { 5 } else { 9 }) {
            0 => self.pieces("maxpool 3x3/1 same"),
            1 => self.pieces("bn"),
            2 => {
                self.pieces("cell(");
                let channels = 4 + 4 * self.below(3);
                self.pieces(&format!("{channels} ,"));
                if self.one_in(2) {
                    self.pieces("act = silu ,");
                }
                self.pieces("k = 2 + 1 )");
                self.shape.channels = channels;
            }
            3 | 4 => {
                let channels = 1 + self.below(12);
                self.conv(channels);
            }
            5 => {
                self.pieces("[");
                self.inner(shape, depth, true);
                let copies = 1 + self.below(3);
                self.pieces(&format!("] *{copies}"));
            }
            6 => {
                let opening = self.writer.random.choose(&["residual <", "residual < |"]);
                self.pieces(opening);
                self.inner(shape, depth, true);
                self.pieces("> relu");
            }
            7 => {
                self.pieces("residual project bn <");
                self.shape = self.inner(shape, depth, false);
                self.pieces(">");
            }
            _ => {
                self.pieces("concat <");
                let mut channels = 0;
                for _ in 0..=self.below(3) {
                    channels += self.inner(shape, depth, false).channels;
                    self.pieces("|");
                }
                match self.names.last().cloned() {
                    Some((name, named)) if self.may_name => {
                        self.pieces(&format!("@{name} >"));
                        channels += named.channels;
                    }
                    _ => {
                        self.pieces("identity >");
                        channels += shape.channels;
                    }
                }
                self.shape.channels = channels;
            }
        }
        self.suffixes();
    }

    fn file(mut self) -> String {
        self.pieces("let wide = 2 * 4 ;");
        self.pieces("block cell( c , k = 3 , word act = relu ) {");
        self.pieces("let half = max( 1 , c // 2 ) ;");
        self.pieces("conv (k)x(k)x(half) same bn act ; conv 1x1x(c) ; }");
        self.pieces("network first( classes = 10 ) {");
        let input = self.shape.written();
        self.pieces(&format!("input {input} ;"));
        for _ in 0..1 + self.below(6) {
            self.statement(0);
            self.pieces(";");
        }
        self.pieces("avgpool global ; flatten ; dense (classes) ; expect depth >= 1 ; }");
        if self.one_in(3) {
            self.pieces("network second = first( classes = wide + 1 ) ;");
        }
        self.writer.text
    }
}

/// The canonical form; formatting it again changes nothing, and no comment is lost.
fn canonical(text: &str) -> String {
    let before = read(text);
    let formatted = format(&before, &CatalogueOrder).unwrap();
    let after = read(&formatted);
    assert_eq!(format(&after, &CatalogueOrder).as_ref(), Some(&formatted), "formatted twice:\n{text}");
    assert_eq!(comments(&before), comments(&after), "{text}\n{formatted}");
    formatted
}

fn comments(parsed: &Parsed) -> Vec<&str> {
    parsed.comments.iter().map(|one| parsed.comment_text(*one).trim_end()).collect()
}

/// What a program says: the code of each diagnostic, and the reports without the lines of the source.
fn figures(text: &str) -> (Vec<String>, Vec<Value>) {
    let session = Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test");
    let outcome = session.check(&Options::default()).unwrap();
    // A trailing word at the beginning of a line is a matter of the layout.
    let found = outcome.diagnostics.iter().filter(|one| one.code != Code::W0206);
    let codes = found.map(|one| one.code.to_string()).collect();
    let reports = outcome.networks.iter().map(|one| {
        let report = Report::of(&one.checked, session.sources(), ReportSettings::default());
        let mut report = serde_json::to_value(report).unwrap();
        for layer in report["layers"].as_array_mut().unwrap() {
            layer.as_object_mut().unwrap().remove("source");
        }
        report
    });
    (codes, reports.collect())
}

#[test]
fn formatting_changes_no_figure() {
    let count = std::env::var("CNNC_FORMAT_PROGRAMS").ok().and_then(|count| count.parse().ok());
    let count: u64 = count.unwrap_or(if cfg!(debug_assertions) { 200 } else { 2000 });
    for seed in 1..=count {
        let mut writer = Writer::new(seed);
        let side = 6 + writer.random.below(6);
        let shape = Shape { height: side, width: side + writer.random.below(2), channels: 3 };
        let text = Network { writer, shape, names: Vec::new(), may_name: true }.file();
        let formatted = canonical(&text);
        let (codes, reports) = figures(&text);
        assert!(!reports.is_empty() && codes.iter().all(|code| code.starts_with('W')), "{codes:?}\n{text}");
        assert_eq!((codes, reports), figures(&formatted), "{text}\n{formatted}");
    }
}
