//! The surface syntax as a tree: what was written, not what it means.
//!
//! The tree knows no operators: the words of a statement stand in a flat list, in source order. A statement with a
//! mistake is [`StmtKind::Broken`], was reported, and keeps what could be read of it.
//!
//! A tree is *read* from a text or *made* by a program. Every node of a tree that was read has the [`Span`] of its
//! text, without the `;`, `|` or `,` behind it; [`Parsed`](super::Parsed) gives the tokens and comments of a span. Nodes
//! that were made have [`Span::MADE`].

use std::collections::BTreeSet;

use crate::base::{Span, Spanned};
use crate::diag::Code;

/// An identifier and its place.
pub type Ident = Spanned<String>;

/// A file.
#[derive(Debug, Default)]
pub struct File {
    /// `cnn 1;`
    pub edition: Option<Edition>,
    /// Items in source order.
    pub items: Vec<Item>,
    /// The statements of a file without `network`: one anonymous network.
    pub statements: Option<Body>,
    /// Items and statements that were reported and mean nothing, in source order: items whose head is wrong, statements
    /// outside a network.
    pub unusable: Vec<Element>,
    /// Lints that comments allow, and where.
    pub allows: Vec<Allow>,
    /// Every identifier that occurs in text that could not be parsed. Nobody reports one of them as unknown.
    pub salvaged: BTreeSet<String>,
    /// Whether some item or statement could not be parsed.
    pub broken: bool,
}

/// `# allow W0203` and the text that it speaks of.
#[derive(Debug)]
pub struct Allow {
    /// The lint.
    pub code: Code,
    /// Diagnostics whose place begins in this span are silenced.
    pub scope: Span,
}

/// The edition line.
#[derive(Debug)]
pub struct Edition {
    /// The edition of the language.
    pub number: Spanned<u64>,
    /// The whole line without its `;`.
    pub span: Span,
}

/// An item or a statement.
#[derive(Debug)]
pub enum Element {
    /// An item.
    Item(Item),
    /// A statement.
    Stmt(Stmt),
}

impl Element {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Element::Item(item) => item.span,
            Element::Stmt(statement) => statement.span,
        }
    }
}

/// What a file consists of.
#[derive(Debug)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// The doc comment above it, one string a line.
    pub doc: Vec<String>,
    /// Its text without the `;`.
    pub span: Span,
}

impl Item {
    /// What it is called; nothing for a `use` and for an item whose head could not be read.
    pub fn name(&self) -> Option<&Ident> {
        match &self.kind {
            ItemKind::Let(one) => Some(&one.name),
            ItemKind::Block(block) => Some(&block.name),
            ItemKind::Table(table) => Some(&table.name),
            ItemKind::Network(network) => Some(&network.name),
            ItemKind::Use { .. } | ItemKind::Broken { .. } => None,
        }
    }
}

/// The kinds of items.
#[derive(Debug)]
pub enum ItemKind {
    /// `use "blocks.cnn";`
    Use {
        /// The path as written.
        path: Spanned<String>,
    },
    /// `let growth = 32;`
    Let(Let),
    /// `block name(c, s = 1) { … }`
    Block(Block),
    /// `table c3_map 6 -> 16 { … }`
    Table(Table),
    /// `network name(…) { … }`
    Network(Network),
    /// An item whose head was reported as wrong; found in [`File::unusable`] only.
    Broken {
        /// Its statements, where it has any.
        body: Option<Body>,
    },
}

/// A constant.
#[derive(Debug)]
pub struct Let {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub value: Expr,
}

/// A hygienic macro.
#[derive(Debug)]
pub struct Block {
    /// Whether it is an `inline block`, whose statements are named as if they stood at the call.
    pub inline: bool,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its statements.
    pub body: Body,
}

/// A parameter of a block or network.
#[derive(Debug)]
pub struct Param {
    /// Whether it is a `word act`, which stands for a trailing word; its values are [`ExprKind::Name`].
    pub word: bool,
    /// Its name.
    pub name: Ident,
    /// Its value where none is given.
    pub default: Option<Expr>,
}

/// A connection table: row i lists the input maps that feed output map i.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: Ident,
    /// Number of input maps.
    pub inputs: Spanned<u64>,
    /// Number of output maps.
    pub outputs: Spanned<u64>,
    /// The rows, each with the span of its text.
    pub rows: Vec<Spanned<Vec<Spanned<u64>>>>,
}

/// A network or an instance of one.
#[derive(Debug)]
pub struct Network {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body, or the network that it instantiates.
    pub kind: NetworkKind,
}

/// How a network is given.
#[derive(Debug)]
pub enum NetworkKind {
    /// `{ … }`
    Body(Body),
    /// `= resnet(3, 4, 6, 3, classes);`
    Instance {
        /// The network that is instantiated.
        of: Ident,
        /// Its arguments.
        args: Vec<CallArg>,
        /// `(3, 4, 6, 3, classes)`
        args_span: Span,
    },
}

/// Statements between brackets.
#[derive(Debug)]
pub struct Body {
    /// In source order.
    pub statements: Vec<Stmt>,
    /// Brackets included.
    pub span: Span,
}

/// A statement.
#[derive(Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// The doc comment above it, one string a line.
    pub doc: Vec<String>,
    /// Its text without the `;`.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Debug)]
pub enum StmtKind {
    /// `input 224x224x3 resize=256 as left`
    Input {
        /// The arguments.
        args: Vec<Arg>,
        /// The name after `as`.
        name: Option<Name>,
    },
    /// `labels "classes.txt"`
    Labels(Spanned<String>),
    /// `expect params == 61_706`
    Expect(Expect),
    /// `let c = in.c`
    Let(Let),
    /// Anything that makes a value.
    Flow(Flow),
    /// Has a mistake, and was reported: the statement as far as it could be read, if any of it could be.
    Broken(Option<Box<StmtKind>>),
    /// An item among statements, which was reported.
    Misplaced(Box<Item>),
}

/// A statement that makes a value.
#[derive(Debug)]
pub struct Flow {
    /// What it does.
    pub head: Head,
    /// At most one of each kind, in the order of [`Suffix`]; in a broken statement, as written.
    pub suffixes: Vec<Suffix>,
}

impl Flow {
    /// The `n` of `* n`.
    pub fn repeat(&self) -> Option<&Expr> {
        self.suffixes.iter().find_map(|one| if let Suffix::Repeat(count) = one { Some(count) } else { None })
    }

    /// The shape behind `->`.
    pub fn shape(&self) -> Option<&ShapePattern> {
        self.suffixes.iter().find_map(|one| if let Suffix::Shape(shape) = one { Some(shape) } else { None })
    }

    /// The name behind `as`.
    pub fn name(&self) -> Option<&Name> {
        self.suffixes.iter().find_map(|one| if let Suffix::Name(name) = one { Some(name) } else { None })
    }
}

/// What may follow the head of a statement that makes a value, in the order in which it must.
#[derive(Debug)]
pub enum Suffix {
    /// `* n`
    Repeat(Expr),
    /// `-> 28x28x6`
    Shape(ShapePattern),
    /// `as path`
    Name(Name),
}

/// The head of a flow statement.
#[derive(Debug)]
pub enum Head {
    /// `conv 5x5x16 same relu`: an operator, its arguments and the trailing words, flat.
    Op {
        /// The operator.
        word: Ident,
        /// Everything behind it.
        args: Vec<Arg>,
    },
    /// `bottleneck(128, s=2) relu`
    Call {
        /// The block.
        block: Ident,
        /// What stands in the parentheses.
        args: Vec<CallArg>,
        /// `(128, s=2)`, for labels.
        args_span: Span,
        /// Trailing words.
        trailing: Vec<Arg>,
    },
    /// `residual project < … > relu`
    Form {
        /// The word of the form.
        word: Ident,
        /// What stands between the word and `<`.
        args: Vec<Arg>,
        /// The branches, each without its `|`.
        branches: Vec<Body>,
        /// Trailing words.
        trailing: Vec<Arg>,
    },
    /// `[ … ]`
    Group(Body),
    /// `@path`
    Reference(Path),
    /// `shared path`: an earlier statement once more, with the same weights.
    Shared(Path),
}

/// One word behind an operator, block call or form.
#[derive(Debug)]
pub enum Arg {
    /// A flag, a trailing operator, or a mistake.
    Word(Ident),
    /// A token with `x` or `/` in it.
    Size(Size),
    /// A lone number, or an expression or tuple in parentheses. A lone `3` is this, not a size.
    Value(ArgValue),
    /// `name=value`
    Attribute {
        /// The name.
        name: Ident,
        /// The value.
        value: ArgValue,
    },
}

impl Arg {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Arg::Word(word) => word.span,
            Arg::Size(size) => size.span,
            Arg::Value(value) => value.span(),
            Arg::Attribute { name, value } => name.span.to(value.span()),
        }
    }
}

/// The value of an argument.
#[derive(Debug)]
pub enum ArgValue {
    /// A number (`0.1`, and after `=` also `-0.1`), or one expression in parentheses.
    Expr(Expr),
    /// Several expressions in parentheses.
    Tuple(Vec<Expr>, Span),
    /// A word, such as the name of a table; only after `=`.
    Word(Ident),
}

impl ArgValue {
    /// Where it stands, parentheses included.
    pub fn span(&self) -> Span {
        match self {
            ArgValue::Expr(expr) => expr.span,
            ArgValue::Tuple(_, span) => *span,
            ArgValue::Word(word) => word.span,
        }
    }
}

/// `5x5x16/2x1`: dimensions and, behind the `/`, the stride. A lone dimension without a stride is no size.
#[derive(Debug)]
pub struct Size {
    /// Before the `/`; an expression stood in parentheses.
    pub dims: Vec<Expr>,
    /// Behind the `/`: none, one or two.
    pub stride: Vec<Expr>,
    /// The whole token.
    pub span: Span,
}

/// An argument of a block or network.
#[derive(Debug)]
pub struct CallArg {
    /// The parameter, where it is named.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

impl CallArg {
    /// Where it stands, with the parameter's name.
    pub fn span(&self) -> Span {
        self.name.as_ref().map_or(self.value.span, |name| name.span.to(self.value.span))
    }
}

/// `28x28x?`: a shape with open dimensions.
#[derive(Debug)]
pub struct ShapePattern {
    /// `None` is `?`.
    pub dims: Vec<Option<Expr>>,
    /// The whole token, without the `->`.
    pub span: Span,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPart {
    /// The part, without quotes.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Whether it was written in quotes.
    pub quoted: bool,
}

/// What stands behind `as`.
#[derive(Debug)]
pub struct Name {
    /// The parts; a part with `*` and the `[]` are not among them.
    pub parts: Vec<PathPart>,
    /// How the members of the statement are called, where it is a sequence.
    pub sequence: Option<Sequence>,
    /// The number of the first member, `as s."b*" from 1`.
    pub first: Option<Expr>,
    /// The whole path.
    pub span: Span,
}

/// How the members of a sequence are called.
#[derive(Clone, Debug, PartialEq)]
pub enum Sequence {
    /// `s[]` or `[]`: by their number.
    Brackets,
    /// `"block1-*"`: what stands before and behind the number.
    Pattern(String, String),
}

/// A path after `@`, `shared` or `expect`.
#[derive(Debug)]
pub struct Path {
    /// Its parts.
    pub parts: Vec<PathPart>,
    /// The whole path, without the `@` or `shared`.
    pub span: Span,
}

/// `expect layer3.params <= 8M`
#[derive(Debug)]
pub struct Expect {
    /// The part and, last, the metric.
    pub path: Path,
    /// The comparison.
    pub comparison: Spanned<ComparisonOp>,
    /// The right side.
    pub value: ExpectValue,
    /// The place of the right side.
    pub value_span: Span,
}

/// How an expectation compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `==`
    Equal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// The right side of an expectation.
#[derive(Debug)]
pub enum ExpectValue {
    /// `61_706`, `4.1G`, `20MiB`: the literal without its suffix (underscores removed), and the suffix.
    Number {
        /// Digits, perhaps with a point and an exponent.
        literal: String,
        /// One of `K M G T KiB MiB GiB`, or empty.
        suffix: String,
    },
    /// `28x28x256`, `?x?x10`
    Shape(ShapePattern),
    /// `( … )`
    Expr(Expr),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// The expression inside of its parentheses.
    pub fn bare(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// An integer.
    Int(u64),
    /// A float.
    Real(f64),
    /// A parameter or constant.
    Name(String),
    /// `in.h`, `in.w`, `in.c`
    Arriving(AxisPattern),
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `min(a, b)`
    Call(Spanned<ConstantFunction>, Vec<Expr>),
    /// `(x)`
    Paren(Box<Expr>),
}

/// A dimension of the arriving shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisPattern {
    /// `in.h`
    Height,
    /// `in.w`
    Width,
    /// `in.c`
    Channels,
}

/// The binary operators, by increasing precedence `+ -`, `* / // %`, `^`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, exact for integers
    Divide,
    /// `//`
    FloorDivide,
    /// `%`, with the sign of the divisor, so that `a == (a // b) * b + a % b`
    Remainder,
    /// `^`, right-associative, above unary minus
    Power,
}

/// The functions of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantFunction {
    /// The least of one or more.
    Min,
    /// The greatest of one or more.
    Max,
    /// Towards positive infinity.
    Ceil,
    /// Towards negative infinity.
    Floor,
    /// To the nearest, half away from zero.
    Round,
}
