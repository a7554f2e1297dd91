//! One statement: its copies, its name, its stated shape.

use std::collections::btree_map::Entry;

use crate::base::{Span, grow_stack};
use crate::diag::{Code, Expansion};
use crate::ops;
use crate::syntax::ast;
use crate::tensor::Shape;

use super::evaluate::Environment;
use super::expand::{Current, Expander, Flow, Skipped};
use super::number::Number;
use super::scope::Scope;
use super::steps::most_nodes;
use super::{Known, Unknown, limits};

/// A path that was written for the statement, or for one copy of it.
pub(super) type Own = Option<Vec<String>>;

impl<'a> Expander<'a> {
    pub(super) fn statement(
        &mut self,
        statement: &'a ast::Stmt,
        env: &mut Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        self.spend(1, statement.span);
        if self.exhausted {
            return Flow::Unknown;
        }
        match &statement.kind {
            ast::StmtKind::Broken(_) | ast::StmtKind::Misplaced(_) => Flow::Unknown,
            ast::StmtKind::Let(constant) => {
                let value = self.evaluate(&constant.value, env, &flow);
                self.declare(&constant.name, value, env);
                flow
            }
            ast::StmtKind::Input { args, name } => {
                self.input(statement.span, args, name.as_ref(), env, scope, flow)
            }
            ast::StmtKind::Labels(path) => {
                if self.only_in_network("labels", statement.span) {
                    self.builder.labels(path.value.clone());
                }
                flow
            }
            ast::StmtKind::Expect(expect) => {
                self.expectation(expect, statement.span, env, scope, &flow);
                flow
            }
            ast::StmtKind::Flow(one) => self.flow_statement(statement.span, one, env, scope, flow),
        }
    }

    /// Whether the statement stands directly in a network; an error otherwise.
    pub(super) fn only_in_network(&mut self, what: &str, span: Span) -> bool {
        if self.nesting > 0 {
            self.sink
                .error(Code::E0016, span, format!("`{what}` belongs directly into a network"))
                .here("stands in a block, group or branch")
                .origin(&self.origin)
                .emit();
        }
        self.nesting == 0
    }

    fn flow_statement(
        &mut self,
        span: Span,
        one: &'a ast::Flow,
        env: &mut Environment,
        scope: &mut Scope,
        arriving: Flow,
    ) -> Flow {
        if let Some(first) = one.name().and_then(|name| name.first.as_ref()) {
            let error = self.sink.error(Code::E0008, first.span, "`from` cannot be compiled yet");
            error.origin(&self.origin).emit();
        }
        let copies = match one.repeat() {
            None => Ok(1),
            Some(expr) => self.copies(expr, &one.head, env, &arriving),
        };
        if one.repeat().is_some() {
            self.remember_repetition(span, one, copies, env);
        }
        // `in` of a stated shape is what arrives at the statement, as everywhere in it.
        let before = arriving.clone();
        let flow = match one.name() {
            Some(name) if name.sequence.is_some() => {
                self.sequence(span, one, name, copies, env, scope, arriving)
            }
            name => {
                let parts = name
                    .as_ref()
                    .map(|name| name.parts.iter().map(|part| part.value.clone()).collect::<Vec<_>>());
                self.all_copies(span, one, parts, copies, env, scope, arriving)
            }
        };
        if is_aux(&one.head) {
            // What is stated is the shape of the branch; the trunk flows on.
            if let Some(end) = self.auxiliary_end(one, scope, span) {
                self.check_shape(span, one.shape(), env, &before, end);
            }
            return flow;
        }
        let flow = self.check_shape(span, one.shape(), env, &before, flow);
        if let (Some(name), Ok(1..)) = (one.name(), copies) {
            self.define(name, &flow, scope);
        }
        flow
    }

    /// Notes whether a repeated statement is written out or left out.
    fn remember_repetition(&mut self, span: Span, one: &'a ast::Flow, copies: Known<u64>, env: &Environment) {
        if copies != Ok(0) {
            self.repeated.insert(span, None);
        } else if let Entry::Vacant(place) = self.repeated.entry(span) {
            let (env, origin) = (env.clone(), self.origin.clone());
            place.insert(Some(Skipped { head: &one.head, env, origin }));
        }
    }

    /// The value of the auxiliary branch that was just expanded.
    fn auxiliary_end(&self, one: &ast::Flow, scope: &Scope, span: Span) -> Option<Flow> {
        let parts: Vec<String> =
            one.name().into_iter().flat_map(|name| &name.parts).map(|part| part.value.clone()).collect();
        let path = scope.join(&parts).join(".");
        let output = self.aux.iter().rev().find(|output| output.name == path)?;
        Some(Flow::Value(Current { node: output.node, span }))
    }

    /// Names the value of a statement.
    fn define(&mut self, name: &ast::Name, flow: &Flow, scope: &Scope) {
        let named = match &name.sequence {
            None | Some(ast::Sequence::Brackets) => !name.parts.is_empty(),
            Some(ast::Sequence::Pattern(before, after)) => {
                before.is_empty() && after.is_empty() && !name.parts.is_empty()
            }
        };
        if named {
            let parts: Vec<String> = name.parts.iter().map(|part| part.value.clone()).collect();
            self.define_path(&scope.join(&parts), flow, scope);
        }
    }

    pub(super) fn define_path(&mut self, path: &[String], flow: &Flow, scope: &Scope) {
        self.names.define(path, flow.clone(), scope, self.train);
        if let Flow::Value(current) = flow {
            self.builder.name_value(path.join("."), current.node);
        }
    }

    /// Takes a path; an error where it is taken already.
    pub(super) fn take_path(&mut self, path: &[String], span: Span) {
        self.spend(path.len() as u64, span);
        let bytes = path.iter().map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
        if bytes > limits::PATH && !self.exhausted {
            self.sink
                .error(Code::E0013, span, format!("a path of {bytes} bytes; the limit is {}", limits::PATH))
                .here("its path begins with the names of everything around it")
                .origin(&self.origin)
                .emit();
            self.exhausted = true;
            return;
        }
        if let Err(first) = self.names.take(path, span) {
            let builder = self.sink.error(
                Code::E0105,
                span,
                format!("two parts of the network are called `{}`", path.join(".")),
            );
            let builder = builder.origin(&self.origin);
            let builder = if first == span {
                builder
                    .here("every copy has this name")
                    .help("name the repetition: `[ … ] * n as name` calls the copies `name.0`, `name.1` …")
            } else {
                builder
                    .here("the second")
                    .label(first, "the first")
                    .help("give one of them another name with `as`")
            };
            builder.emit();
        }
    }

    fn copies(
        &mut self,
        expr: &ast::Expr,
        head: &ast::Head,
        env: &Environment,
        arriving: &Flow,
    ) -> Known<u64> {
        let copies = match self.evaluate(expr, env, arriving)? {
            Number::Int(int) if int >= 0 => u64::try_from(int).unwrap_or(u64::MAX),
            Number::Int(int) => {
                self.sink
                    .error(Code::E0212, expr.span, "a negative repetition")
                    .here(format!("this is {int}"))
                    .help("`* 0` writes nothing; use `max(0, n)` where n may be negative")
                    .origin(&self.origin)
                    .emit();
                return Err(Unknown);
            }
            Number::Real(real) => {
                self.sink
                    .error(Code::E0207, expr.span, "a repetition must be a whole number")
                    .here(format!("this is {real:?}"))
                    .origin(&self.origin)
                    .emit();
                return Err(Unknown);
            }
        };
        let nodes = u128::from(copies) * u128::from(least_nodes(head)) + self.builder.len() as u128;
        if nodes > limits::NODES as u128 {
            self.exhaust(
                expr.span,
                format!("{copies} copies would make {nodes} nodes or more"),
                most_nodes(),
            );
            return Err(Unknown);
        }
        Ok(copies)
    }

    #[allow(clippy::too_many_arguments)]
    fn sequence(
        &mut self,
        span: Span,
        one: &'a ast::Flow,
        name: &'a ast::Name,
        copies: Known<u64>,
        env: &mut Environment,
        scope: &mut Scope,
        arriving: Flow,
    ) -> Flow {
        let Some(members) = &name.sequence else { return Flow::Unknown };
        let parts: Vec<String> = name.parts.iter().map(|part| part.value.clone()).collect();
        if copies == Ok(0) {
            return arriving;
        }
        if is_aux(&one.head) {
            self.sink
                .error(Code::E0214, name.span, "an auxiliary branch is no sequence")
                .here("takes a plain name")
                .emit();
            return Flow::Unknown;
        }
        let (path, written) = match (members, parts.is_empty()) {
            (ast::Sequence::Brackets, true) if !scope.is_sequence() => {
                self.sink
                    .error(Code::E0214, name.span, "`as []` stands outside of a sequence")
                    .here("makes a member of a sequence a sequence of its own")
                    .help("give it a name: `as name[]`")
                    .origin(&self.origin)
                    .emit();
                return Flow::Unknown;
            }
            (ast::Sequence::Brackets, true) => (scope.take("sequence"), false),
            _ => {
                scope.take_member();
                (scope.join(&parts), true)
            }
        };
        let whole = matches!(members, ast::Sequence::Brackets)
            || matches!(members, ast::Sequence::Pattern(a, b) if a.is_empty() && b.is_empty());
        if whole && path.len() > scope.path.len() {
            self.take_path(&path, name.span);
        }
        let mut inner = scope.sequence(path, written, members);
        self.all_copies(span, one, None, copies, env, &mut inner, arriving)
    }

    #[allow(clippy::too_many_arguments)]
    fn all_copies(
        &mut self,
        span: Span,
        one: &'a ast::Flow,
        parts: Option<Vec<String>>,
        copies: Known<u64>,
        env: &mut Environment,
        scope: &mut Scope,
        arriving: Flow,
    ) -> Flow {
        if one.repeat().is_none() {
            let own = parts.map(|parts| scope.join(&parts));
            return self.copy(span, &one.head, own, None, env, scope, arriving);
        }
        let count = copies.unwrap_or(1);
        if let (Some(parts), 1..) = (&parts, count) {
            let name = one.name().map_or(span, |name| name.span);
            self.take_path(&scope.join(parts), name);
        }
        let mut flow = arriving;
        let outer = self.origin.clone();
        for copy in 0..count {
            let own = parts.as_ref().map(|parts| [scope.join(parts), vec![copy.to_string()]].concat());
            let numbered = Some((copy + 1, count));
            if !matches!(one.head, ast::Head::Call { .. }) && count > 1 {
                self.origin = outer.within(Expansion { block: None, call: span, copy: numbered });
            }
            self.spend(1, span);
            flow = self.copy(span, &one.head, own.clone(), numbered, env, scope, flow);
            self.origin = outer.clone();
            if let Some(path) = own {
                self.define_path(&path, &flow, scope);
            }
            if self.exhausted || flow == Flow::Unknown {
                break;
            }
        }
        if copies.is_err() { Flow::Unknown } else { flow }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn copy(
        &mut self,
        span: Span,
        head: &'a ast::Head,
        own: Own,
        copy: Option<(u64, u64)>,
        env: &mut Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        match head {
            ast::Head::Op { word, args } => self.operator(span, word, args, own, env, scope, flow),
            ast::Head::Call { block, args, args_span, trailing } => {
                let flow = self.call(span, block, args, *args_span, own, copy, env, scope, flow);
                self.trailing_words(span, trailing, env, scope, flow)
            }
            ast::Head::Form { word, args, branches, trailing } => {
                let flow = self.form(span, word, args, branches, own, env, scope, flow);
                self.trailing_words(span, trailing, env, scope, flow)
            }
            ast::Head::Group(body) => {
                self.nesting += 1;
                let flow = match own {
                    Some(path) => {
                        scope.take_member();
                        self.take_path(&path, span);
                        let mut inner = scope.inner(path, true);
                        self.body(body, env, &mut inner, flow)
                    }
                    None => self.body(body, env, scope, flow),
                };
                self.nesting -= 1;
                flow
            }
            ast::Head::Reference(path) => self.reference(path, scope, env),
            ast::Head::Shared(path) => {
                let error = self.sink.error(Code::E0008, path.span, "`shared` cannot be compiled yet");
                error.origin(&self.origin).emit();
                Flow::Unknown
            }
        }
    }

    fn reference(&mut self, path: &ast::Path, scope: &Scope, env: &Environment) -> Flow {
        let parts: Vec<String> = path.parts.iter().map(|part| part.value.clone()).collect();
        let shown = parts.join(".");
        self.spend(scope.path.len() as u64, path.span);
        match self.names.find(&parts, scope, self.train) {
            super::names::Found::Value(flow) => flow,
            super::names::Found::Train => {
                self.sink
                    .error(Code::E0103, path.span, format!("`@{shown}` lies in an `aux train` branch"))
                    .here("is computed in training only")
                    .origin(&self.origin)
                    .emit();
                Flow::Unknown
            }
            super::names::Found::Nothing => {
                if !parts.iter().any(|part| self.program.is_salvaged(env.file, part)) {
                    let near = self.names.suggest(&shown, scope);
                    let builder = self
                        .sink
                        .error(Code::E0103, path.span, format!("unknown value `@{shown}`"))
                        .origin(&self.origin);
                    let builder = match near {
                        Some(near) => builder.here("no earlier value has this name").fix(format!("did you mean `@{near}`?"), path.span, near),
                        None => builder.here("no earlier value has this name").help("name a value with `as`, earlier in the text; a block does not see the names around its call"),
                    };
                    builder.emit();
                }
                Flow::Unknown
            }
        }
    }

    /// Compares the value with `-> shape`. A value that is not known continues as the stated shape, where that
    /// is complete, so that an error does not hide the next.
    fn check_shape(
        &mut self,
        span: Span,
        pattern: Option<&ast::ShapePattern>,
        env: &Environment,
        arriving: &Flow,
        flow: Flow,
    ) -> Flow {
        let Some(pattern) = pattern else { return flow };
        let mut dims = Vec::new();
        let mut known = true;
        for dim in &pattern.dims {
            match dim {
                None => dims.push(None),
                Some(expr) => match self.count(expr, 1, "a dimension", env, arriving) {
                    Ok(count) => dims.push(Some(count)),
                    Err(Unknown) => known = false,
                },
            }
        }
        if !known {
            return Flow::Unknown;
        }
        match &flow {
            Flow::Value(current) => {
                let actual = self.builder.shape(current.node);
                if matches(&dims, actual) {
                    return flow;
                }
                let stated = show_pattern(&dims);
                let builder = self
                    .sink
                    .error(Code::E0301, pattern.span, format!("the shape is {actual}, not {stated}"))
                    .origin(&self.origin);
                let builder = if current.span == span {
                    builder.here(format!("states {stated}")).label(span, format!("gives {actual}"))
                } else {
                    builder
                        .here(format!("states {stated}"))
                        .label(current.span, format!("{actual} comes from here"))
                };
                let same_numbers = dims.iter().copied().collect::<Option<Vec<u64>>>().is_some_and(|dims| {
                    dims.iter().try_fold(1, |all: u64, &dim| all.checked_mul(dim)) == Some(actual.elements())
                });
                let builder = if same_numbers && dims.len() != actual.dims().len() {
                    builder.help("only `flatten` makes a vector of a map")
                } else {
                    builder
                };
                builder
                    .fix(
                        format!("if the network is right, write `-> {actual}`"),
                        pattern.span,
                        actual.to_string(),
                    )
                    .emit();
                Flow::Unknown
            }
            Flow::Unknown => self.assume(&dims, span),
            _ => flow,
        }
    }

    /// A stand-in of the stated shape for a value that is not known; the graph is not used any more.
    fn assume(&mut self, dims: &[Option<u64>], span: Span) -> Flow {
        let dims: Option<Vec<u64>> = dims.iter().copied().collect();
        let shape = match dims.as_deref() {
            Some([elements]) => Shape::Vector(*elements),
            Some([height, width, channels]) => Shape::map(*height, *width, *channels),
            _ => return Flow::Unknown,
        };
        let site = crate::ir::Site {
            path: String::new(),
            word: "assumed".to_owned(),
            span,
            origin: self.origin.clone(),
            train_only: false,
            shortcut: false,
            row: false,
        };
        match self.builder.input(shape, crate::ir::InputNode::default(), site) {
            Ok(node) => Flow::Value(Current { node, span }),
            Err(_) => Flow::Unknown,
        }
    }
}

/// A lower bound of the nodes that one copy makes.
fn least_nodes(head: &ast::Head) -> u64 {
    match head {
        ast::Head::Op { word, .. } => u64::from(word.value != "identity"),
        ast::Head::Call { .. } | ast::Head::Reference(_) | ast::Head::Shared(_) => 0,
        ast::Head::Form { branches, .. } => {
            branches.iter().map(least_nodes_of_body).fold(0, u64::saturating_add)
        }
        ast::Head::Group(body) => least_nodes_of_body(body),
    }
}

fn least_nodes_of_body(body: &ast::Body) -> u64 {
    let of_statement = |statement: &ast::Stmt| match &statement.kind {
        ast::StmtKind::Flow(flow) => {
            let copies = match flow.repeat().map(|expr| &expr.bare().kind) {
                None => 1,
                Some(ast::ExprKind::Int(copies)) => *copies,
                Some(_) => 0,
            };
            grow_stack(|| least_nodes(&flow.head)).saturating_mul(copies)
        }
        _ => 0,
    };
    body.statements.iter().map(of_statement).fold(0, u64::saturating_add)
}

fn is_aux(head: &ast::Head) -> bool {
    matches!(head, ast::Head::Form { word, .. } if word.value == "aux")
}

fn matches(pattern: &[Option<u64>], shape: Shape) -> bool {
    let dims = shape.dims();
    pattern.len() == dims.len()
        && pattern.iter().zip(dims).all(|(&open, dim)| open.is_none_or(|stated| stated == dim))
}

fn show_pattern(dims: &[Option<u64>]) -> String {
    dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string())).collect::<Vec<_>>().join("x")
}

/// Whether a word names something that starts a statement.
pub(super) fn is_operator(word: &str) -> bool {
    ops::find(word).is_some() || word == "identity"
}
