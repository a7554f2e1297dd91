//! Walks the syntax tree: the nodes that enclose an offset, and all nodes in source order. Neither recurses, so the
//! depth of a text is limited by the parser only.

use crate::base::{Span, Spanned};
use crate::syntax::Parsed;
use crate::syntax::ast::{
    Arg, ArgValue, Body, CallArg, Element, ExpectValue, Expr, ExprKind, Flow, Head, Item, ItemKind, Let,
    Name, NetworkKind, Param, Path, ShapePattern, Stmt, StmtKind, Suffix,
};

/// A node of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<'a> {
    Item(&'a Item),
    Param(&'a Param),
    Body(&'a Body),
    Stmt(&'a Stmt),
    Arg(&'a Arg),
    CallArg(&'a CallArg),
    Shape(&'a ShapePattern),
    Name(&'a Name),
    Path(&'a Path),
    Expr(&'a Expr),
}

impl<'a> Node<'a> {
    /// Its span.
    pub(super) fn span(self) -> Span {
        match self {
            Node::Item(item) => item.span,
            Node::Param(param) => {
                param.default.as_ref().map_or(param.name.span, |value| param.name.span.to(value.span))
            }
            Node::Body(body) => body.span,
            Node::Stmt(stmt) => stmt.span,
            Node::Arg(arg) => arg.span(),
            Node::CallArg(arg) => {
                arg.name.as_ref().map_or(arg.value.span, |name| name.span.to(arg.value.span))
            }
            Node::Shape(shape) => shape.span,
            Node::Name(name) => name.span,
            Node::Path(path) => path.span,
            Node::Expr(expr) => expr.span,
        }
    }

    /// Its direct children in source order.
    fn children(self) -> Vec<Node<'a>> {
        let mut children = Vec::new();
        match self {
            Node::Item(item) => of_item(item, &mut children),
            Node::Param(param) => children.extend(param.default.iter().map(Node::Expr)),
            Node::Body(body) => children.extend(body.statements.iter().map(Node::Stmt)),
            Node::Stmt(stmt) => of_statement(&stmt.kind, &mut children),
            Node::Arg(Arg::Size(size)) => {
                children.extend(size.dims.iter().chain(&size.stride).map(Node::Expr));
            }
            Node::Arg(Arg::Value(value) | Arg::Attribute { value, .. }) => match value {
                ArgValue::Expr(expr) => children.push(Node::Expr(expr)),
                ArgValue::Tuple(parts, _) => children.extend(parts.iter().map(Node::Expr)),
                ArgValue::Word(_) => {}
            },
            Node::Arg(Arg::Word(_)) | Node::Name(_) | Node::Path(_) => {}
            Node::CallArg(arg) => children.push(Node::Expr(&arg.value)),
            Node::Shape(shape) => children.extend(shape.dims.iter().flatten().map(Node::Expr)),
            Node::Expr(expr) => match &expr.kind {
                ExprKind::Negate(inner) | ExprKind::Paren(inner) => children.push(Node::Expr(inner)),
                ExprKind::Binary(_, left, right) => {
                    children.extend([Node::Expr(left), Node::Expr(right)]);
                }
                ExprKind::Call(_, arguments) => children.extend(arguments.iter().map(Node::Expr)),
                ExprKind::Int(_) | ExprKind::Real(_) | ExprKind::Name(_) | ExprKind::Arriving(_) => {}
            },
        }
        children
    }
}

fn of_item<'a>(item: &'a Item, children: &mut Vec<Node<'a>>) {
    match &item.kind {
        ItemKind::Use { .. } | ItemKind::Table(_) => {}
        ItemKind::Let(one) => children.push(Node::Expr(&one.value)),
        ItemKind::Block(block) => {
            children.extend(block.params.iter().map(Node::Param));
            children.push(Node::Body(&block.body));
        }
        ItemKind::Network(network) => {
            children.extend(network.params.iter().map(Node::Param));
            match &network.kind {
                NetworkKind::Body(body) => children.push(Node::Body(body)),
                NetworkKind::Instance { args, .. } => children.extend(args.iter().map(Node::CallArg)),
            }
        }
        ItemKind::Broken { body } => children.extend(body.iter().map(Node::Body)),
    }
}

fn of_statement<'a>(kind: &'a StmtKind, children: &mut Vec<Node<'a>>) {
    match kind {
        StmtKind::Input { args, name } => {
            children.extend(args.iter().map(Node::Arg));
            children.extend(name.as_deref().map(Node::Name));
        }
        StmtKind::Expect(expect) => {
            children.push(Node::Path(&expect.path));
            match &expect.value {
                ExpectValue::Shape(shape) => children.push(Node::Shape(shape)),
                ExpectValue::Expr(expr) => children.push(Node::Expr(expr)),
                ExpectValue::Number { .. } => {}
            }
        }
        StmtKind::Let(one) => children.push(Node::Expr(&one.value)),
        StmtKind::Flow(flow) => of_flow(flow, children),
        StmtKind::Broken(Some(read)) => of_statement(read, children),
        StmtKind::Misplaced(item) => children.push(Node::Item(item)),
        StmtKind::Labels(_) | StmtKind::Broken(None) => {}
    }
}

fn of_flow<'a>(flow: &'a Flow, children: &mut Vec<Node<'a>>) {
    match &flow.head {
        Head::Op { args, .. } => children.extend(args.iter().map(Node::Arg)),
        Head::Call(call) => {
            children.extend(call.args.iter().map(Node::CallArg));
            children.extend(call.trailing.iter().map(Node::Arg));
        }
        Head::Form(form) => {
            children.extend(form.args.iter().map(Node::Arg));
            children.extend(form.branches.iter().map(Node::Body));
            children.extend(form.trailing.iter().map(Node::Arg));
        }
        Head::Group(body) => children.push(Node::Body(body)),
        Head::Reference(path) | Head::Shared(path) => children.push(Node::Path(path)),
    }
    children.extend(flow.suffixes.iter().map(|suffix| match suffix {
        Suffix::Repeat(count) => Node::Expr(count),
        Suffix::Shape(shape) => Node::Shape(shape),
        Suffix::Name(name) => Node::Name(name),
    }));
}

/// The top-level nodes in source order.
pub(super) fn roots(parsed: &Parsed) -> Vec<Node<'_>> {
    let tree = &parsed.tree;
    let unusable = tree.unusable.iter().map(|one| match one {
        Element::Item(item) => Node::Item(item),
        Element::Stmt(stmt) => Node::Stmt(stmt),
    });
    let mut roots: Vec<Node<'_>> = tree.items.iter().map(Node::Item).chain(unusable).collect();
    roots.extend(tree.statements.iter().map(Node::Body));
    roots.sort_by_key(|node| node.span().start);
    roots
}

/// The nodes that enclose an offset, the outermost first. The end of a node counts as inside, unless another node
/// begins there.
pub(super) fn around(parsed: &Parsed, offset: u32) -> Vec<Node<'_>> {
    let mut chain = Vec::new();
    let mut level = roots(parsed);
    loop {
        let holds = |node: &&Node<'_>| node.span().start <= offset && offset <= node.span().end;
        let Some(&next) = level.iter().rfind(holds) else { return chain };
        chain.push(next);
        level = next.children();
    }
}

/// All nodes, each before its children.
pub(super) fn nodes(parsed: &Parsed) -> impl Iterator<Item = Node<'_>> {
    let mut stack = roots(parsed);
    stack.reverse();
    std::iter::from_fn(move || {
        let node = stack.pop()?;
        stack.extend(node.children().into_iter().rev());
        Some(node)
    })
}

/// A statement, or for a broken one the part of it that could be parsed.
pub(super) fn readable(kind: &StmtKind) -> Option<&StmtKind> {
    match kind {
        StmtKind::Broken(read) => read.as_deref().and_then(readable),
        other => Some(other),
    }
}

/// Returns whether a statement makes a value, or could make one but for its mistake.
pub(super) fn may_make_a_value(stmt: &Stmt) -> bool {
    let passes = matches!(
        readable(&stmt.kind),
        Some(StmtKind::Let(_) | StmtKind::Labels(_) | StmtKind::Expect(_) | StmtKind::Misplaced(_))
    );
    !passes
}

/// The part of a statement that makes a value.
pub(super) fn flow_of(stmt: &Stmt) -> Option<&Flow> {
    match readable(&stmt.kind) {
        Some(StmtKind::Flow(flow)) => Some(flow),
        _ => None,
    }
}

/// The statements directly within the branches or the group of a statement.
pub(super) fn statements_within(stmt: &Stmt) -> Vec<&Stmt> {
    match flow_of(stmt).map(|flow| &flow.head) {
        Some(Head::Form(form)) => form.branches.iter().flat_map(|body| &body.statements).collect(),
        Some(Head::Group(body)) => body.statements.iter().collect(),
        _ => Vec::new(),
    }
}

/// The constant that a statement declares.
pub(super) fn constant_of(stmt: &Stmt) -> Option<&Let> {
    match readable(&stmt.kind) {
        Some(StmtKind::Let(one)) => Some(one),
        _ => None,
    }
}

/// The path of a `use`.
pub(super) fn used_path(item: &Item) -> Option<&Spanned<String>> {
    match &item.kind {
        ItemKind::Use { path } => Some(path),
        _ => None,
    }
}
