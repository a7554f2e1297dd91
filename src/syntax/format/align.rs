//! Aligns `->`, `as` and comments of neighbouring rows of the formatted text in columns.

use unicode_width::UnicodeWidthStr;

use super::WIDTH;

/// A row of the text.
#[derive(Debug)]
pub(super) enum Row {
    /// An empty line.
    Blank,
    /// A line with code; a comment on a line of its own has no code.
    Line(Line),
}

/// A line in up to four cells: code, `-> shape`, `as path` and a comment.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The number of spaces before the code.
    pub(super) indent: usize,
    pub(super) code: String,
    pub(super) shape: String,
    pub(super) name: String,
    pub(super) comment: String,
    /// Whether it holds whole statements, so that it may be aligned with its neighbours.
    pub(super) whole: bool,
    /// The number of spaces before each cell behind the code, once they are aligned.
    gaps: [Option<usize>; 3],
}

impl Line {
    /// A line without code.
    pub(super) fn new(indent: usize) -> Line {
        Line { indent, ..Line::default() }
    }

    /// A comment on a line of its own.
    pub(super) fn remark(indent: usize, text: &str) -> Line {
        Line { comment: text.to_owned(), ..Line::new(indent) }
    }

    fn cells(&self) -> [&str; 3] {
        [&self.shape, &self.name, &self.comment]
    }

    /// The number of spaces before a cell that is not aligned.
    fn natural_gap(&self, cell: usize) -> usize {
        if cell == 1 && self.shape.is_empty() { 1 } else { 2 }
    }

    /// The column behind the code and the first `count` cells.
    fn end(&self, count: usize) -> usize {
        let mut end = self.indent + self.code.width();
        for (cell, text) in self.cells().into_iter().enumerate().take(count) {
            if !text.is_empty() {
                end += self.gaps[cell].unwrap_or(self.natural_gap(cell)) + text.width();
            }
        }
        end
    }

    fn write(&self, text: &mut String) {
        let mut push = |spaces: usize, part: &str| {
            text.extend(std::iter::repeat_n(' ', spaces));
            text.push_str(part);
        };
        push(self.indent, &self.code);
        for (cell, part) in self.cells().into_iter().enumerate() {
            if !part.is_empty() {
                let alone = cell == 2 && self.code.is_empty();
                push(if alone { 0 } else { self.gaps[cell].unwrap_or(self.natural_gap(cell)) }, part);
            }
        }
        text.push('\n');
    }
}

impl Row {
    pub(super) fn write(self, text: &mut String) {
        match self {
            Row::Blank => text.push('\n'),
            Row::Line(line) => line.write(text),
        }
    }
}

/// Aligns the cells of the rows of one body: `->`, then `as`, then comments. A row that has no such cell, an empty line
/// or a statement of several lines ends a run; a run that would make a row too wide is left as it is.
pub(super) fn align(rows: &mut [Row]) {
    for cell in 0..3 {
        let belongs = |row: &Row| match row {
            Row::Line(line) => line.whole && !line.cells()[cell].is_empty(),
            Row::Blank => false,
        };
        for run in rows.chunk_by_mut(|a, b| belongs(a) && belongs(b)) {
            align_run(run, cell);
        }
    }
    // Rows of a body are not aligned with the rows around it.
    for row in rows {
        if let Row::Line(line) = row {
            line.whole = false;
        }
    }
}

fn align_run(run: &mut [Row], cell: usize) {
    let mut lines: Vec<&mut Line> =
        run.iter_mut().filter_map(|row| if let Row::Line(line) = row { Some(line) } else { None }).collect();
    if lines.len() < 2 {
        return;
    }
    let column = lines.iter().map(|line| line.end(cell) + line.natural_gap(cell)).max().unwrap_or(0);
    let too_wide = lines.iter().any(|line| {
        let gained = column - line.end(cell) - line.natural_gap(cell);
        line.end(3) <= WIDTH && line.end(3) + gained > WIDTH
    });
    if !too_wide {
        for line in &mut lines {
            line.gaps[cell] = Some(column - line.end(cell));
        }
    }
}
