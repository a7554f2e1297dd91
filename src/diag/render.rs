//! Draws diagnostics for a terminal. This is the only file that imports `codespan_reporting`.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style as Ansi};
use codespan_reporting::diagnostic::{Diagnostic as Drawing, Label as Mark, LabelStyle, Severity as Grade};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{Config, GeneralWriteResult, WriteStyle, emit_to_write_style};

use crate::base::{FileId, SourceMap, Span, safe, visible};

use super::excerpt::Excerpt;
use super::{Diagnostic, Expansion, Severity};

/// The number of diagnostics that are shown.
const MOST_SHOWN: usize = 100;

/// The number of expansions of one diagnostic that are shown.
const MOST_EXPANSIONS: usize = 8;

/// The style in which diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub struct RenderStyle {
    /// With escape sequences for colours.
    pub color: bool,
    /// The most characters of a source line that are shown; a longer one is cropped around the place.
    pub width: usize,
}

impl Default for RenderStyle {
    /// Plain text, 240 columns.
    fn default() -> RenderStyle {
        RenderStyle { color: false, width: 240 }
    }
}

/// Draws diagnostics with their source lines, an empty line behind each. Of more than 100 the rest is counted.
pub fn render(diagnostics: &[Diagnostic], map: &SourceMap, style: RenderStyle) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        text.push_str(&draw(diagnostic, map, style));
        text.push('\n');
    }
    push_rest(&mut text, diagnostics.len());
    text
}

/// One line for each diagnostic: `file:line:column: error[E0304]: message`. Of more than 100 the rest is counted.
pub fn render_short(diagnostics: &[Diagnostic], map: &SourceMap) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        let span = diagnostic.primary.span;
        let at = map.location(span);
        let (word, code) = (diagnostic.severity.word(), diagnostic.code);
        let (name, message) = (safe::line(map.name(span.file)), visible(&diagnostic.message));
        text.push_str(&format!("{name}:{}:{}: {word}[{code}]: {message}\n", at.line, at.column));
    }
    push_rest(&mut text, diagnostics.len());
    text
}

fn push_rest(text: &mut String, count: usize) {
    if count > MOST_SHOWN {
        text.push_str(&format!("… and {} more\n", count - MOST_SHOWN));
    }
}

fn draw(diagnostic: &Diagnostic, map: &SourceMap, style: RenderStyle) -> String {
    let labels: Vec<_> = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels).collect();
    let mut files: Vec<FileId> = Vec::new();
    for label in &labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let mut excerpts = Vec::new();
    let mut marks = Vec::new();
    for (index, &file) in files.iter().enumerate() {
        let here: Vec<_> = labels.iter().enumerate().filter(|(_, label)| label.span.file == file).collect();
        let spans: Vec<Span> = here.iter().map(|(_, label)| label.span).collect();
        let excerpt = Excerpt::new(map, file, &spans, style.width.max(20));
        for (place, (number, label)) in here.into_iter().enumerate() {
            let sort = if number == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            marks.push(Mark::new(sort, index, excerpt.place(place)).with_message(visible(&label.text)));
        }
        excerpts.push(excerpt);
    }
    let grade = match diagnostic.severity {
        Severity::Error => Grade::Error,
        Severity::Warning => Grade::Warning,
    };
    let drawing = Drawing::new(grade)
        .with_code(diagnostic.code)
        .with_message(visible(&diagnostic.message))
        .with_labels(marks)
        .with_notes(notes(diagnostic, map));
    let mut pen = Pen { text: Vec::new(), color: style.color };
    let drawn =
        emit_to_write_style(&mut pen, &Config::default(), &Excerpts { excerpts: &excerpts, map }, &drawing);
    drawn.expect("every label lies in an excerpt");
    without_empty_borders(&String::from_utf8(pen.text).expect("only text is drawn"))
}

/// The rules, the expansions from the innermost to the outermost, and the helps.
fn notes(diagnostic: &Diagnostic, map: &SourceMap) -> Vec<String> {
    let mut notes: Vec<String> = diagnostic.notes.iter().map(|note| visible(note).into_owned()).collect();
    let expansions: Vec<&Expansion> = diagnostic.trace.innermost_first().collect();
    notes.extend(
        expansions
            .iter()
            .take(MOST_EXPANSIONS)
            .map(|one| expansion_note(one, map, diagnostic.primary.span.file)),
    );
    if expansions.len() > MOST_EXPANSIONS {
        notes.push(format!("… and {} more", expansions.len() - MOST_EXPANSIONS));
    }
    notes.extend(diagnostic.helps.iter().map(|help| format!("help: {}", visible(&help.text))));
    notes
}

/// ``in block `stage`, expanded at 22:5, copy 1 of 4``
fn expansion_note(expansion: &Expansion, map: &SourceMap, file: FileId) -> String {
    let at = map.location(expansion.call);
    let place = if expansion.call.file == file {
        format!("{}:{}", at.line, at.column)
    } else {
        format!("{}:{}:{}", safe::line(map.name(expansion.call.file)), at.line, at.column)
    };
    match (&expansion.block, expansion.copy) {
        (Some(block), None) => format!("in block `{block}`, expanded at {place}"),
        (Some(block), Some((copy, of))) => {
            format!("in block `{block}`, expanded at {place}, copy {copy} of {of}")
        }
        (None, Some((copy, of))) => format!("in copy {copy} of {of} of the statement at {place}"),
        (None, None) => format!("in the statement at {place}"),
    }
}

/// Drops the lines that hold nothing but the border.
fn without_empty_borders(drawn: &str) -> String {
    drawn
        .lines()
        .filter(|line| without_colours(line).trim() != "│")
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect::<String>()
        .trim_end()
        .to_owned()
        + "\n"
}

/// A drawn line without its escape sequences, which are all `ESC [ … m`: those of sources are shown otherwise.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.filter_map(|part| Some(part.split_once('m')?.1)).collect::<String>()
}

/// The excerpts as files; a file is its index.
struct Excerpts<'a> {
    excerpts: &'a [Excerpt],
    map: &'a SourceMap,
}

impl<'a> Files<'a> for Excerpts<'a> {
    type FileId = usize;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, file: usize) -> Result<String, Error> {
        Ok(safe::line(self.map.name(self.excerpts[file].file)).into_owned())
    }

    fn source(&'a self, file: usize) -> Result<&'a str, Error> {
        Ok(&self.excerpts[file].text)
    }

    fn line_index(&'a self, file: usize, at: usize) -> Result<usize, Error> {
        Ok(self.excerpts[file].line_index(at))
    }

    fn column_number(&'a self, file: usize, _line: usize, at: usize) -> Result<usize, Error> {
        Ok(self.excerpts[file].column(at))
    }

    fn line_range(&'a self, file: usize, line: usize) -> Result<Range<usize>, Error> {
        self.excerpts[file].line_range(line).ok_or(Error::LineTooLarge { given: line, max: 0 })
    }
}

/// Writes text, and escape sequences if there are colours.
struct Pen {
    text: Vec<u8>,
    color: bool,
}

impl Pen {
    fn set(&mut self, style: Ansi) -> io::Result<()> {
        if self.color { write!(self.text, "{style}") } else { Ok(()) }
    }

    fn color_of(severity: Grade) -> AnsiColor {
        match severity {
            Grade::Warning => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        }
    }
}

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Pen {
    fn set_header(&mut self, severity: Grade) -> GeneralWriteResult {
        self.set(Pen::color_of(severity).on_default().bold())
    }

    fn set_header_message(&mut self) -> GeneralWriteResult {
        self.set(Ansi::new().bold())
    }

    fn set_line_number(&mut self) -> GeneralWriteResult {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_note_bullet(&mut self) -> GeneralWriteResult {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_source_border(&mut self) -> GeneralWriteResult {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_label(&mut self, severity: Grade, label: LabelStyle) -> GeneralWriteResult {
        self.set(match label {
            LabelStyle::Primary => Pen::color_of(severity).on_default(),
            LabelStyle::Secondary => AnsiColor::Cyan.on_default(),
        })
    }

    fn reset(&mut self) -> GeneralWriteResult {
        if self.color { write!(self.text, "{}", anstyle::Reset) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, ExpansionTrace, Sink};

    const RESNET: &str = "\
network n {
    input 224x224x3;
    conv 7x7x64/2 pad=3;
    maxpool 3/2 pad=1;
    residual <
        conv 3x3x128/2 same bn;
    > relu;
}
";

    fn span_of(map: &SourceMap, file: FileId, text: &str) -> Span {
        let start = map.text(file).find(text).unwrap();
        Span::new(file, start, start + text.len())
    }

    #[test]
    fn a_diagnostic_shows_its_places_origin_and_helps() {
        let mut map = SourceMap::default();
        let file = map.add("resnet.cnn", RESNET);
        let span = |text| span_of(&map, file, text);
        let call = Expansion { block: Some("stage".into()), call: span("conv 7x7"), copy: Some((1, 4)) };
        let mut sink = Sink::default();
        sink.error(Code::E0304, span("residual"), "residual paths differ")
            .here("28x28x128 cannot be added to 56x56x64")
            .label(span("maxpool 3/2 pad=1;"), "the shortcut carries 56x56x64 from here")
            .label(span("conv 3x3x128/2 same bn;"), "the body ends here as 28x28x128")
            .note("56 != 28")
            .trace(&ExpansionTrace::default().within(call))
            .help("`residual project bn` adds a 1x1x128/2 convolution")
            .emit();
        insta::assert_snapshot!(render(&sink.into_sorted(), &map, RenderStyle::default()), @r"
        error[E0304]: residual paths differ
          ┌─ resnet.cnn:5:5
        4 │     maxpool 3/2 pad=1;
          │     ------------------ the shortcut carries 56x56x64 from here
        5 │     residual <
          │     ^^^^^^^^ 28x28x128 cannot be added to 56x56x64
        6 │         conv 3x3x128/2 same bn;
          │         ----------------------- the body ends here as 28x28x128
          = 56 != 28
          = in block `stage`, expanded at 3:5, copy 1 of 4
          = help: `residual project bn` adds a 1x1x128/2 convolution
        ");
    }

    #[test]
    fn spans_over_lines_other_files_and_hidden_characters() {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", RESNET);
        let other = map.add("b\u{1b}.cnn", "conv\t\u{202e}3x3;\r\n");
        let mut sink = Sink::default();
        let body = span_of(&map, file, "residual <\n        conv 3x3x128/2 same bn;\n    > relu");
        sink.warning(Code::W0201, body, "about a form\u{7}")
            .label(Span::new(other, 5, 11), "and\u{0} this")
            .warn();
        let diagnostics = sink.into_sorted();
        insta::assert_snapshot!(render(&diagnostics, &map, RenderStyle::default()), @r"
        warning[W0201]: about a form␇
          ┌─ a.cnn:5:5
        5 │     residual <
          │     ^^^^^^^^^^
          ┌─ b␛.cnn:1:6
        1 │ conv    <U+202E>3x3;
          │         ----------- and␀ this
        ");
        insta::assert_snapshot!(render_short(&diagnostics, &map), @"a.cnn:5:5: warning[W0201]: about a form␇");
    }

    #[test]
    fn only_a_hundred_diagnostics_are_shown() {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", "x".repeat(200));
        let mut sink = Sink::default();
        for at in 0..130 {
            sink.error(Code::E0001, Span::new(file, at, at + 1), "unexpected").emit();
        }
        let diagnostics = sink.into_sorted();
        assert!(render(&diagnostics, &map, RenderStyle::default()).ends_with("\n\n… and 30 more\n"));
        assert_eq!(render_short(&diagnostics, &map).lines().count(), 101);
    }

    #[test]
    fn colour_is_only_added() {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", RESNET);
        let mut sink = Sink::default();
        let span = span_of(&map, file, "maxpool");
        sink.error(Code::E0001, span, "a").here("b").note("c").help("d").emit();
        let diagnostics = sink.into_sorted();
        let coloured = render(&diagnostics, &map, RenderStyle { color: true, ..RenderStyle::default() });
        assert!(coloured.contains("\u{1b}["));
        let plain = render(&diagnostics, &map, RenderStyle::default());
        assert_eq!(without_colours(&coloured), plain);
    }
}
