//! Decides which statements stand on one line, and breaks those that do not fit.

use crate::base::grow_stack;

use super::WIDTH;
use super::align::{Line, Row, align};
use super::words::{Body, Bracket, Inner, Remark, Statement, Word};

/// The number of spaces of one level.
const INDENT: usize = 4;

/// The number of spaces before the rest of a statement that a comment has interrupted.
const CONTINUATION: usize = 2 * INDENT;

/// The rows of a whole file.
pub(super) fn file(body: &Body<'_>) -> Vec<Row> {
    let mut layout = Layout { rows: Vec::new() };
    layout.body(body, 0, true);
    layout.rows
}

struct Layout {
    rows: Vec<Row>,
}

impl Layout {
    fn blank(&mut self, wanted: bool) {
        if wanted && !matches!(self.rows.last(), None | Some(Row::Blank)) {
            self.rows.push(Row::Blank);
        }
    }

    fn remarks(&mut self, remarks: &[Remark<'_>], indent: usize, mut first: bool) {
        for remark in remarks {
            let is_first = std::mem::take(&mut first);
            self.blank(remark.blank && !is_first);
            self.remark(remark.text, indent);
        }
    }

    fn remark(&mut self, text: &str, indent: usize) {
        self.rows.push(Row::Line(Line::remark(indent, text)));
    }

    /// Writes the statements of a body; `ended` says whether the last one has its `;`.
    fn body(&mut self, body: &Body<'_>, indent: usize, ended: bool) {
        let start = self.rows.len();
        for (line, line_ended) in lines(&body.statements, indent, ended) {
            let first = self.rows.len() == start;
            self.remarks(&line[0].above, indent, first);
            self.blank(line[0].blank && !(first && line[0].above.is_empty()));
            self.line(line, indent, line_ended);
        }
        self.remarks(&body.below, indent, body.statements.is_empty());
        align(&mut self.rows[start..]);
    }

    /// Writes statements that share a line, or one statement that may need several lines.
    fn line(&mut self, statements: &[Statement<'_>], indent: usize, ended: bool) {
        let Some((last, before)) = statements.split_last() else { return };
        let fits = last.flat.is_some_and(|flat| indent + flat.loose + usize::from(ended) <= WIDTH);
        if !before.is_empty() || fits || (last.flat.is_some() && last.inner.is_none()) {
            let mut line = Line::new(indent);
            line.whole = true;
            for statement in before {
                flat(statement, false, &mut line.code);
                line.code.push_str(";  ");
            }
            flat_head(last, &mut line.code);
            words(&last.shape, false, &mut line.shape);
            words(&last.name, false, &mut line.name);
            self.end(line, last, indent, ended);
        } else {
            self.broken(last, indent, ended);
        }
    }

    /// Ends a statement that begins at `indent`: appends its `;` and the comments behind it.
    fn end(&mut self, mut line: Line, statement: &Statement<'_>, indent: usize, ended: bool) {
        if ended && !statement.has_braces() {
            let cells = [&mut line.name, &mut line.shape, &mut line.code];
            if let Some(cell) = cells.into_iter().find(|cell| !cell.is_empty()) {
                cell.push(';');
            }
        }
        let mut comments = statement.behind.iter();
        line.comment = comments.next().map_or_else(String::new, |text| (*text).to_owned());
        self.rows.push(Row::Line(line));
        comments.for_each(|text| self.remark(text, indent));
    }

    /// Writes a statement on several lines.
    fn broken(&mut self, statement: &Statement<'_>, indent: usize, ended: bool) {
        let mut line = Line::new(indent);
        self.words(&statement.head, &mut line, indent);
        if let Some(inner) = &statement.inner {
            self.rows.push(Row::Line(std::mem::replace(&mut line, Line::new(indent))));
            grow_stack(|| self.inner(inner, indent));
        }
        self.words(statement.rest(), &mut line, indent);
        self.end(line, statement, indent, ended);
    }

    /// Appends words of a statement that begins at `indent` to a line; a comment between them ends the line.
    fn words<'w, 'a: 'w>(
        &mut self,
        words: impl IntoIterator<Item = &'w Word<'a>>,
        line: &mut Line,
        indent: usize,
    ) {
        let indent = indent + CONTINUATION;
        for word in words {
            if !word.above.is_empty() || !line.comment.is_empty() {
                self.rows.push(Row::Line(std::mem::replace(line, Line::new(indent))));
                self.remarks(&word.above, indent, true);
            }
            if !line.code.is_empty() {
                line.code.extend(std::iter::repeat_n(' ', word.gap));
            }
            line.code.push_str(word.text);
            if let Some(comment) = word.behind {
                line.comment = comment.to_owned();
            }
        }
    }

    fn inner(&mut self, inner: &Inner<'_>, indent: usize) {
        let indent = indent + INDENT;
        let branched = inner.bracket == Bracket::Branches && inner.bodies.len() > 1;
        let ended = matches!(inner.bracket, Bracket::Braces { .. });
        for (index, body) in inner.bodies.iter().enumerate() {
            if !branched {
                self.body(body, indent, ended);
                continue;
            }
            let Some(first) = body.statements.first() else { continue };
            self.remarks(&first.above, indent, index == 0);
            self.blank(first.blank && first.above.is_empty() && index > 0);
            let start = self.rows.len();
            let mut rest = Layout { rows: Vec::new() };
            rest.branch(body, indent + 2);
            self.rows.append(&mut rest.rows);
            if let Some(Row::Line(line)) = self.rows.get_mut(start) {
                line.indent = indent;
                line.code.insert_str(0, "| ");
            }
            self.remarks(&body.below, indent, false);
        }
    }

    /// Writes a branch without the comments before and behind it.
    fn branch(&mut self, body: &Body<'_>, indent: usize) {
        for (line, ended) in lines(&body.statements, indent, false) {
            if !self.rows.is_empty() {
                self.remarks(&line[0].above, indent, false);
                self.blank(line[0].blank);
            }
            self.line(line, indent, ended);
        }
        align(&mut self.rows);
    }
}

/// Divides the statements of a body into lines, and says of each line whether its last statement has a `;`. The
/// author's lines are kept where they fit; otherwise each statement has a line of its own.
fn lines<'s, 'a>(
    statements: &'s [Statement<'a>],
    indent: usize,
    ended: bool,
) -> Vec<(&'s [Statement<'a>], bool)> {
    let mut lines = Vec::new();
    let mut rest = statements;
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(author_line(rest));
        rest = behind;
        let line_ended = ended || !rest.is_empty();
        let between = ";  ".len();
        let width: Option<usize> =
            line.iter().map(|statement| statement.flat.map(|flat| flat.loose + between)).sum();
        if width.is_some_and(|width| indent + width - between + usize::from(line_ended) <= WIDTH) {
            lines.push((line, line_ended));
        } else {
            let last = line.len() - 1;
            lines.extend(line.chunks(1).enumerate().map(|(at, one)| (one, line_ended || at < last)));
        }
    }
    lines
}

/// The number of statements that the author wrote on the first line.
fn author_line(statements: &[Statement<'_>]) -> usize {
    let joins = |pair: &[Statement<'_>]| {
        let (before, next) = (&pair[0], &pair[1]);
        !next.leads
            && next.above.is_empty()
            && before.behind.is_empty()
            && !before.has_braces()
            && !next.has_braces()
    };
    1 + statements.windows(2).take_while(|pair| joins(pair)).count()
}

/// Writes a statement on one line. Within brackets no gap is wider than one space.
fn flat(statement: &Statement<'_>, bracketed: bool, text: &mut String) {
    flat_head(statement, text);
    for part in [&statement.shape, &statement.name] {
        if let Some(first) = part.first() {
            let gap = if bracketed { first.gap.min(1) } else { first.gap };
            text.extend(std::iter::repeat_n(' ', gap));
        }
        words(part, bracketed, text);
    }
}

/// Writes a statement on one line up to its `->` or `as`.
fn flat_head(statement: &Statement<'_>, text: &mut String) {
    words(&statement.head, false, text);
    let Some(inner) = &statement.inner else { return };
    let bracketed = inner.bracket == Bracket::Branches || inner.bracket == Bracket::Group;
    for (index, body) in inner.bodies.iter().enumerate() {
        if index > 0 {
            text.push_str(" |");
        }
        for (index, one) in body.statements.iter().enumerate() {
            match (inner.bracket, index) {
                (Bracket::Group, 0) => {}
                (_, 0) => text.push(' '),
                _ => text.push_str(if bracketed { "; " } else { ";  " }),
            }
            grow_stack(|| flat(one, bracketed, text));
        }
        if !bracketed && !body.statements.is_empty() {
            text.push(';');
        }
    }
    if let Some(close) = statement.tail.first() {
        text.extend(std::iter::repeat_n(' ', close.gap));
    }
    words(&statement.tail, false, text);
}

/// Writes words on one line, without the gap before the first.
fn words(words: &[Word<'_>], bracketed: bool, text: &mut String) {
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.extend(std::iter::repeat_n(' ', if bracketed { word.gap.min(1) } else { word.gap }));
        }
        text.push_str(word.text);
    }
}
