//! The formatter's model of a file: bodies consist of statements, statements of words, with remarks between them.

use unicode_width::UnicodeWidthStr;

/// A comment on lines of its own.
#[derive(Debug)]
pub(super) struct Remark<'a> {
    pub(super) text: &'a str,
    /// Whether an empty line stands before it.
    pub(super) blank: bool,
}

/// A token as it is printed.
#[derive(Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// The number of spaces before it.
    pub(super) gap: usize,
    /// Comments before it.
    pub(super) above: Vec<Remark<'a>>,
    /// A comment behind it, on its line.
    pub(super) behind: Option<&'a str>,
}

/// A statement, an item, or a row of a table.
#[derive(Debug, Default)]
pub(super) struct Statement<'a> {
    /// Comments before it.
    pub(super) above: Vec<Remark<'a>>,
    /// Whether an empty line stands directly before it.
    pub(super) blank: bool,
    /// Whether it began a line.
    pub(super) leads: bool,
    /// The words up to its opening bracket, or all words before `->` and `as`.
    pub(super) head: Vec<Word<'a>>,
    pub(super) inner: Option<Inner<'a>>,
    /// The words from its closing bracket on, up to `->` or `as`.
    pub(super) tail: Vec<Word<'a>>,
    /// The words `->` and the shape.
    pub(super) shape: Vec<Word<'a>>,
    /// The words `as` and the path.
    pub(super) name: Vec<Word<'a>>,
    /// Comments behind it; the first one on its line.
    pub(super) behind: Vec<&'a str>,
    /// Its width on one line; nothing where a comment or a line break of the author keeps it on several lines.
    pub(super) flat: Option<FlatWidth>,
}

/// The columns of a statement on one line, without its `;`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlatWidth {
    /// The width within brackets, where no gap is wider than one space.
    pub(super) bracketed: usize,
    /// The width elsewhere.
    pub(super) loose: usize,
}

impl<'a> Statement<'a> {
    /// Returns whether it is an item with braces, which takes no `;` and shares no line.
    pub(super) fn has_braces(&self) -> bool {
        matches!(self.inner, Some(Inner { bracket: Bracket::Braces { .. }, .. }))
    }

    /// Measures its width, once all of its parts are there.
    pub(super) fn measure(&mut self) {
        let quiet = |word: &Word<'_>| word.above.is_empty() && word.behind.is_none();
        if !self.head.iter().chain(self.rest()).all(quiet) {
            return;
        }
        let (mut bracketed, mut loose) = (0, 0);
        for (index, word) in self.head.iter().chain(self.rest()).enumerate() {
            let gap = if index == 0 { 0 } else { word.gap };
            loose += gap + word.text.width();
            bracketed += gap.min(1) + word.text.width();
        }
        let Some(inner) = self.inner.as_ref().map_or(Some(0), Inner::flat_width) else { return };
        self.flat = Some(FlatWidth { bracketed: bracketed + inner, loose: loose + inner });
    }

    /// The words behind its brackets.
    pub(super) fn rest(&self) -> impl Iterator<Item = &Word<'a>> {
        self.tail.iter().chain(&self.shape).chain(&self.name)
    }
}

/// The brackets around the inside of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// `< … | … >`
    Branches,
    /// `[ … ]`
    Group,
    /// `{ … }`
    Braces {
        /// Whether all of it stood on one line.
        one_line: bool,
    },
}

/// The inside of a statement.
#[derive(Debug)]
pub(super) struct Inner<'a> {
    pub(super) bracket: Bracket,
    /// One body, or one for each branch.
    pub(super) bodies: Vec<Body<'a>>,
}

impl Inner<'_> {
    /// The number of columns between the brackets on one line, without the gap before the closing one.
    fn flat_width(&self) -> Option<usize> {
        if self.bracket == (Bracket::Braces { one_line: false }) {
            return None;
        }
        let braces = matches!(self.bracket, Bracket::Braces { .. });
        let mut width = 0;
        for (index, body) in self.bodies.iter().enumerate() {
            width += if index > 0 { " |".len() } else { 0 };
            width += if self.bracket == Bracket::Group { 0 } else { 1 };
            width += body.flat_width(braces)?;
        }
        let is_empty = self.bodies.iter().all(|body| body.statements.is_empty());
        Some(if is_empty { 0 } else { width })
    }
}

impl Body<'_> {
    /// The number of columns on one line, with a `;` at the end if `braces` stand around it.
    fn flat_width(&self, braces: bool) -> Option<usize> {
        let quiet = |one: &Statement<'_>| one.above.is_empty() && one.behind.is_empty();
        let breaks = self.statements.iter().skip(1).any(|one| one.leads);
        if !self.below.is_empty() || breaks || !self.statements.iter().all(quiet) {
            return None;
        }
        let mut width = 0;
        for (index, statement) in self.statements.iter().enumerate() {
            let flat = statement.flat?;
            width += if braces { flat.loose + 1 } else { flat.bracketed };
            width += match index {
                0 => 0,
                _ if braces => "  ".len(),
                _ => "; ".len(),
            };
        }
        Some(width)
    }
}

/// Statements between brackets, or of a whole file.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) statements: Vec<Statement<'a>>,
    /// Comments behind the last statement.
    pub(super) below: Vec<Remark<'a>>,
}
