//! Semantic tokens: classifies each word, for colours that a grammar of regular expressions cannot give.

use gen_lsp_types::{SemanticToken, SemanticTokens, SemanticTokensLegend};

use crate::base::Span;
use crate::ops::{self, Spec};
use crate::sema::Definition;
use crate::syntax::TokenKind;
use crate::syntax::ast::{Arg, ArgValue, ExprKind, Flow, Head, ItemKind, NetworkKind, StmtKind};

use super::analysis::View;
use super::tree::{self, Node};

/// The kinds of tokens, in the order of the legend. They are standard kinds of the protocol, for which every editor has
/// colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Keyword,
    /// An operator or form; with [`TRAILING`] a trailing word.
    Operator,
    Block,
    Network,
    Parameter,
    /// A constant or table.
    Constant,
    /// The name of a statement.
    Name,
    /// A flag of an operator.
    Flag,
    /// The name before `=`.
    Attribute,
    Metric,
    /// A size or number.
    Number,
    /// A shape behind `->`.
    Shape,
    Text,
    Comment,
}

const KINDS: [(Kind, &str); 14] = [
    (Kind::Keyword, "keyword"),
    (Kind::Operator, "function"),
    (Kind::Block, "macro"),
    (Kind::Network, "class"),
    (Kind::Parameter, "parameter"),
    (Kind::Constant, "variable"),
    (Kind::Name, "property"),
    (Kind::Flag, "modifier"),
    (Kind::Attribute, "decorator"),
    (Kind::Metric, "enumMember"),
    (Kind::Number, "number"),
    (Kind::Shape, "type"),
    (Kind::Text, "string"),
    (Kind::Comment, "comment"),
];

const MODIFIERS: [&str; 5] = ["definition", "readonly", "defaultLibrary", "documentation", "trailing"];
const DEFINITION: u32 = 1;
const READONLY: u32 = 1 << 1;
const LIBRARY: u32 = 1 << 2;
const DOCUMENTATION: u32 = 1 << 3;
const TRAILING: u32 = 1 << 4;

/// The names of kinds and modifiers.
pub(super) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: KINDS.iter().map(|(_, name)| (*name).to_owned()).collect(),
        token_modifiers: MODIFIERS.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The tokens of a file.
pub(super) fn all(view: View<'_>) -> SemanticTokens {
    let mut collector = Collector { view, found: Vec::new() };
    collector.tokens();
    for node in tree::nodes(view.parsed()) {
        collector.node(node);
    }
    let mut found = collector.found;
    // If two entries begin at one place, that of the tree comes first.
    found.sort_by_key(|one| (one.0.start, std::cmp::Reverse(one.3)));
    let mut data = Vec::with_capacity(found.len());
    let (mut line, mut column, mut end) = (0, 0, 0);
    for (span, kind, modifiers, _) in found {
        if span.start < end || span.start == span.end {
            continue;
        }
        end = span.end;
        let range = view.places().range(span);
        if range.start.line != range.end.line {
            continue;
        }
        let same_line = range.start.line == line;
        data.push(SemanticToken {
            delta_line: range.start.line - line,
            delta_start: if same_line { range.start.character - column } else { range.start.character },
            length: range.end.character - range.start.character,
            token_type: KINDS.iter().position(|(one, _)| *one == kind).unwrap_or(0) as u32,
            token_modifiers_bitset: modifiers,
        });
        (line, column) = (range.start.line, range.start.character);
    }
    SemanticTokens { result_id: None, data }
}

struct Collector<'a> {
    view: View<'a>,
    /// Span, kind, modifiers, and whether the entry comes from the tree.
    found: Vec<(Span, Kind, u32, bool)>,
}

impl Collector<'_> {
    fn say(&mut self, span: Span, kind: Kind, modifiers: u32) {
        self.found.push((span, kind, modifiers, true));
    }

    /// Adds comments, strings, numbers, and the keywords that no node of the tree covers.
    fn tokens(&mut self) {
        let parsed = self.view.parsed();
        for comment in &parsed.comments {
            let span = Span { file: parsed.file, start: comment.start, end: comment.end };
            let text = parsed.comment_text(*comment);
            let doc = text.starts_with("##") && !text.starts_with("###");
            self.found.push((span, Kind::Comment, if doc { DOCUMENTATION } else { 0 }, false));
        }
        for &token in &parsed.tokens {
            let kind = match token.kind {
                TokenKind::Text => Kind::Text,
                TokenKind::Number => Kind::Number,
                TokenKind::Word if KEYWORDS.contains(&parsed.token_text(token)) => Kind::Keyword,
                _ => continue,
            };
            self.found.push((parsed.token_span(token), kind, 0, false));
        }
    }

    fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Item(item) => {
                let Some(name) = item.name() else { return };
                let kind = match &item.kind {
                    ItemKind::Block(_) => Kind::Block,
                    ItemKind::Network(network) => {
                        if let NetworkKind::Instance { of, .. } = &network.kind {
                            self.say(of.span, Kind::Network, 0);
                        }
                        Kind::Network
                    }
                    _ => Kind::Constant,
                };
                let readonly = if kind == Kind::Constant { READONLY } else { 0 };
                self.say(name.span, kind, DEFINITION | readonly);
            }
            Node::Param(param) => self.say(param.name.span, Kind::Parameter, DEFINITION),
            Node::CallArg(arg) => {
                if let Some(name) = &arg.name {
                    self.say(name.span, Kind::Parameter, 0);
                }
            }
            Node::Stmt(stmt) => match tree::readable(&stmt.kind) {
                Some(StmtKind::Let(one)) => self.say(one.name.span, Kind::Constant, DEFINITION | READONLY),
                Some(StmtKind::Flow(flow)) => self.flow(flow),
                Some(StmtKind::Input { args, .. }) => self.args(args, Some(&ops::INPUT)),
                _ => {}
            },
            Node::Name(name) => self.say(name.span, Kind::Name, DEFINITION),
            Node::Path(path) => self.path(path),
            Node::Shape(shape) => self.shape(shape.span),
            Node::Expr(expr) => {
                if let ExprKind::Name(_) = &expr.kind {
                    let kind = if self.is_parameter(expr.span) { Kind::Parameter } else { Kind::Constant };
                    self.say(expr.span, kind, if kind == Kind::Constant { READONLY } else { 0 });
                }
            }
            Node::Arg(_) | Node::Body(_) => {}
        }
    }

    /// Returns whether a word stands for a parameter.
    fn is_parameter(&self, word: Span) -> bool {
        matches!(self.view.definitions().get(&word), Some(Definition::Parameter(_)))
    }

    /// Adds a path after `@`, `shared` or `expect`; its last part is a metric in an `expect`.
    fn path(&mut self, path: &crate::syntax::ast::Path) {
        let before = self.view.text()[..path.span.start as usize].trim_end();
        let is_value = before.ends_with('@') || before.ends_with("shared");
        match path.parts.split_last() {
            Some((metric, parts)) if !is_value => {
                parts.iter().for_each(|part| self.say(part.span, Kind::Name, 0));
                self.say(metric.span, Kind::Metric, LIBRARY);
            }
            _ => self.say(path.span, Kind::Name, 0),
        }
    }

    /// Adds the literal parts of a shape; its expressions are added as their own nodes.
    fn shape(&mut self, span: Span) {
        let parsed = self.view.parsed();
        for index in parsed.tokens_of(span) {
            let token = parsed.tokens[index];
            if token.kind == TokenKind::Number {
                self.say(parsed.token_span(token), Kind::Shape, 0);
            }
        }
    }

    fn flow(&mut self, flow: &Flow) {
        match &flow.head {
            Head::Op { word, args } => {
                let spec = ops::find(&word.value);
                if spec.is_some() {
                    self.say(word.span, Kind::Operator, LIBRARY);
                } else if word.value == ops::IDENTITY {
                    self.say(word.span, Kind::Keyword, 0);
                }
                self.args(args, spec);
            }
            Head::Call(call) => {
                self.say(call.block.span, Kind::Block, 0);
                self.args(&call.trailing, None);
            }
            Head::Form(form) => {
                self.say(form.word.span, Kind::Operator, LIBRARY);
                self.args(&form.args, ops::form(&form.word.value));
                self.args(&form.trailing, None);
            }
            Head::Group(_) | Head::Reference(_) | Head::Shared(_) => {}
        }
    }

    /// Adds arguments; each belongs to the nearest operator before it.
    fn args(&mut self, args: &[Arg], head: Option<&'static Spec>) {
        let mut owner = head;
        for arg in args {
            match arg {
                Arg::Word(word) => match ops::trailing_word(&word.value, owner) {
                    Some(spec) => {
                        owner = Some(spec);
                        self.say(word.span, Kind::Operator, LIBRARY | TRAILING);
                    }
                    None if self.is_parameter(word.span) => self.say(word.span, Kind::Parameter, 0),
                    None => self.say(word.span, Kind::Flag, 0),
                },
                Arg::Attribute { name, value } => {
                    self.say(name.span, Kind::Attribute, 0);
                    if let ArgValue::Word(table) = value {
                        self.say(table.span, Kind::Constant, READONLY);
                    }
                }
                Arg::Size(_) | Arg::Value(_) => {}
            }
        }
    }
}

/// The reserved words. If the tree classifies one of them, as a name or flag, its entry comes first.
const KEYWORDS: [&str; 16] = [
    "cnn", "use", "let", "block", "table", "network", "input", "labels", "expect", "as", "in", "identity",
    "shared", "inline", "word", "from",
];
