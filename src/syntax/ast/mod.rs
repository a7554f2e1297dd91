//! The syntax tree of a file: what the author wrote, without its meaning.
//!
//! The tree knows no operators: the words of a statement stand in a flat list, in source order. A statement with a
//! mistake is [`StmtKind::Broken`]; the mistake was reported, and the node keeps what could be read.
//!
//! A tree is *read* from a text or *made* by a program. Every node of a tree that was read has the [`Span`] of its
//! text, without the `;`, `|` or `,` behind it; [`Parsed`](super::Parsed) gives the tokens and comments of a span.
//! Nodes that were made have [`Span::MADE`].

use std::collections::BTreeSet;

use ecow::EcoString;

use crate::base::{Span, Spanned};
use crate::diag::Code;

mod argument;
mod expect;
mod expression;
mod name;

pub use argument::{Arg, ArgValue, CallArg, ShapePattern, Size};
pub use expect::{ComparisonOp, Expect, ExpectValue};
pub use expression::{AxisPattern, BinaryOp, ConstantFunction, Expr, ExprKind};
pub use name::{Name, Path, PathPart, Sequence};

/// An identifier and its place.
pub type Ident = Spanned<EcoString>;

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
    pub skipped_names: BTreeSet<String>,
    /// Whether some item or statement could not be parsed.
    pub broken: bool,
}

/// `# allow W0203` and the text to which it applies.
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
    /// The place of the item or statement.
    pub fn span(&self) -> Span {
        match self {
            Element::Item(item) => item.span,
            Element::Stmt(statement) => statement.span,
        }
    }
}

/// An item of a file, such as a block or a network.
#[derive(Debug)]
pub struct Item {
    /// The kind of item, with its parts.
    pub kind: ItemKind,
    /// The doc comment above it, one string a line.
    pub doc: Box<[String]>,
    /// Its text without the `;`.
    pub span: Span,
}

impl Item {
    /// The name that the item defines; nothing for a `use` and for an item whose head could not be read.
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
    /// A constant: `let growth = 32;`
    Let(Let),
    /// A block: `block name(c, s = 1) { … }`
    Block(Block),
    /// A connection table: `table c3_map 6 -> 16 { … }`
    Table(Table),
    /// A network: `network name(…) { … }`
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

/// A hygienic macro: its body is expanded at each call, and sees only its parameters and the constants of its file.
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

/// A network with a body, or an instance of another network.
#[derive(Debug)]
pub struct Network {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body, or the network that it instantiates.
    pub kind: NetworkKind,
}

/// The two ways to give a network: statements of its own, or the call of another network.
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
    /// The statements in source order.
    pub statements: Box<[Stmt]>,
    /// The place of the body, brackets included.
    pub span: Span,
}

/// A statement.
#[derive(Debug)]
pub struct Stmt {
    /// The kind of statement, with its parts.
    pub kind: StmtKind,
    /// The doc comment above it, one string a line.
    pub doc: Box<[String]>,
    /// Its text without the `;`.
    pub span: Span,
}

/// The kinds of statements, each with an example.
#[derive(Debug)]
pub enum StmtKind {
    /// `input 224x224x3 resize=256 as left`
    Input {
        /// The arguments.
        args: Box<[Arg]>,
        /// The name after `as`.
        name: Option<Box<Name>>,
    },
    /// `labels "classes.txt"`
    Labels(Spanned<String>),
    /// `expect params == 61_706`
    Expect(Box<Expect>),
    /// A constant of a body: `let c = in.c`
    Let(Let),
    /// A statement that makes a value.
    Flow(Flow),
    /// A statement with a mistake, which was reported. It holds the part that could be read, if there is one.
    Broken(Option<Box<StmtKind>>),
    /// An item among statements, which was reported.
    Misplaced(Box<Item>),
}

/// A statement that makes a value.
#[derive(Debug)]
pub struct Flow {
    /// The operator, call, form, group or reference that makes the value.
    pub head: Head,
    /// At most one of each kind, in the order of [`Suffix`]; in a broken statement, as written.
    pub suffixes: Box<[Suffix]>,
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
        self.suffixes.iter().find_map(|one| if let Suffix::Name(name) = one { Some(&**name) } else { None })
    }
}

/// A suffix of a statement that makes a value. Suffixes follow the head in this order.
#[derive(Debug)]
pub enum Suffix {
    /// `* n`
    Repeat(Expr),
    /// `-> 28x28x6`
    Shape(ShapePattern),
    /// `as path`
    Name(Box<Name>),
}

/// The head of a statement that makes a value: everything before its suffixes.
#[derive(Debug)]
pub enum Head {
    /// `conv 5x5x16 same relu`: an operator, its arguments and the trailing words, flat.
    Op {
        /// The operator.
        word: Ident,
        /// The arguments of the operator and the trailing words, in source order.
        args: Box<[Arg]>,
    },
    /// `bottleneck(128, s=2) relu`
    Call(Box<BlockCall>),
    /// `residual project < … > relu`
    Form(Box<BranchForm>),
    /// `[ … ]`
    Group(Body),
    /// `@path`
    Reference(Path),
    /// `shared path`: an earlier statement once more, with the same weights.
    Shared(Path),
}

/// A call of a block with its trailing words.
#[derive(Debug)]
pub struct BlockCall {
    /// The block.
    pub block: Ident,
    /// The arguments in the parentheses.
    pub args: Box<[CallArg]>,
    /// `(128, s=2)`, for labels.
    pub args_span: Span,
    /// Trailing words.
    pub trailing: Box<[Arg]>,
}

/// Branches from the value that arrives, and the word that says how they are joined.
#[derive(Debug)]
pub struct BranchForm {
    /// The word of the form.
    pub word: Ident,
    /// The arguments between the word and `<`.
    pub args: Box<[Arg]>,
    /// The branches, each without its `|`.
    pub branches: Box<[Body]>,
    /// Trailing words.
    pub trailing: Box<[Arg]>,
}
