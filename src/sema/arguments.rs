//! Operators with their arguments and trailing words: from the tree to nodes of the graph.

use crate::base::{Span, Spanned, did_you_mean};
use crate::diag::Code;
use crate::ir::{InputNode, NodeId, Site};
use crate::ops::{self, At, Bound, Op, OpError, RawArgument, RawValue, Spec};
use crate::syntax::ast;
use crate::tensor::Shape;

use super::evaluate::Environment;
use super::expand::{Current, Expander, Flow};
use super::number::Number;
use super::program::suggest_statement;
use super::scope::Scope;
use super::statement::{Own, is_operator};
use super::steps::most_nodes;
use super::{Unknown, limits};

impl<'a> Expander<'a> {
    /// The arguments with their expressions evaluated.
    pub(super) fn raw_arguments(
        &mut self,
        args: &[ast::Arg],
        env: &Environment,
        flow: &Flow,
    ) -> Vec<RawArgument> {
        args.iter().map(|arg| self.raw_argument(arg, env, flow)).collect()
    }

    fn raw_argument(&mut self, arg: &ast::Arg, env: &Environment, flow: &Flow) -> RawArgument {
        match arg {
            ast::Arg::Word(word) => RawArgument::Word(word.clone()),
            ast::Arg::Size(size) => {
                let dims: Vec<_> =
                    size.dims.iter().map(|dim| self.count(dim, 0, "a dimension", env, flow)).collect();
                let stride: Vec<_> =
                    size.stride.iter().map(|dim| self.count(dim, 0, "a stride", env, flow)).collect();
                match (dims.into_iter().collect(), stride.into_iter().collect()) {
                    (Ok(dims), Ok(stride)) => RawArgument::Size { dims, stride, span: size.span },
                    _ => RawArgument::Unknown,
                }
            }
            ast::Arg::Value(value) => match self.raw_value(value, env, flow) {
                Ok(raw) => RawArgument::Value(Spanned::new(raw, value.span())),
                Err(Unknown) => RawArgument::Unknown,
            },
            ast::Arg::Attribute { name, value } => match self.raw_value(value, env, flow) {
                Ok(raw) => {
                    RawArgument::Attribute { name: name.clone(), value: Spanned::new(raw, value.span()) }
                }
                Err(Unknown) => RawArgument::Unknown,
            },
        }
    }

    fn raw_value(
        &mut self,
        value: &ast::ArgValue,
        env: &Environment,
        flow: &Flow,
    ) -> Result<RawValue, Unknown> {
        let raw = |number| match number {
            Number::Int(int) => RawValue::Int(int),
            Number::Real(real) => RawValue::Real(real),
        };
        match value {
            ast::ArgValue::Expr(expr) => self.evaluate(expr, env, flow).map(raw),
            ast::ArgValue::Tuple(exprs, _) => {
                let values: Vec<_> = exprs.iter().map(|expr| self.evaluate(expr, env, flow)).collect();
                values
                    .into_iter()
                    .map(|value| value.map(raw))
                    .collect::<Result<Vec<_>, _>>()
                    .map(RawValue::Tuple)
            }
            ast::ArgValue::Word(word) => {
                let source = &self.program.sources[env.file];
                match source.names.tables.get(&word.value) {
                    // A table that is wrong was reported.
                    Some(id) => {
                        let table = self.program.sources[id.file].tables.get(&id.item).ok_or(Unknown)?;
                        // Shapes and costs count its rows.
                        self.spend(table.rows.len() as u64 / 16, word.span);
                        Ok(RawValue::Table(table.clone()))
                    }
                    None if self.program.is_salvaged(env.file, &word.value) => Err(Unknown),
                    None => Ok(RawValue::Word(word.value.clone())),
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn operator(
        &mut self,
        statement: Span,
        word: &ast::Ident,
        args: &[ast::Arg],
        own: Own,
        env: &mut Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        let raw = self.raw_arguments(args, env, &flow);
        if word.value == "identity" {
            self.name_head("identity", own, word.span, scope);
            return self.trailing(statement, &raw, None, word.span, scope, flow);
        }
        let Some(spec) = ops::find(&word.value) else {
            self.unknown_word(word, env);
            self.name_head(&word.value, own, word.span, scope);
            return Flow::Unknown;
        };
        let raw = self.without_misspelt_trailing(raw, Some(spec));
        let segments = ops::segments(&raw, Some(spec), ops::find);
        let mut head = segments[0].arguments.to_vec();
        let starts_with_bn =
            segments.get(1).and_then(|segment| segment.word).is_some_and(|word| word.value == "bn");
        if starts_with_bn && takes_bias(spec) && !has_word(&head, "bias") && !has_word(&head, "nobias") {
            head.push(RawArgument::Word(Spanned::new("nobias".to_owned(), word.span)));
        }
        let path = self.name_head(spec.name, own, word.span, scope);
        let flow = self.apply(statement, spec, word.span, &head, path, flow);
        self.trailing_segments(statement, &segments[1..], word.span, scope, flow)
    }

    /// The path of a statement's head: its own or the automatic one. Numbers and ordinals are taken in both cases.
    pub(super) fn name_head(&mut self, kind: &str, own: Own, span: Span, scope: &mut Scope) -> Vec<String> {
        let automatic = scope.take(kind);
        // `identity` has no row, so that only a written name of it is a path.
        if own.is_none() && kind == "identity" {
            return automatic;
        }
        let path = own.unwrap_or(automatic);
        self.take_path(&path, span);
        path
    }

    /// Trailing words behind a block call or a form.
    pub(super) fn trailing_words(
        &mut self,
        statement: Span,
        args: &[ast::Arg],
        env: &Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        let raw = self.raw_arguments(args, env, &flow);
        let Some(first) = args.first() else { return flow };
        self.trailing(statement, &raw, None, first.span(), scope, flow)
    }

    fn trailing(
        &mut self,
        statement: Span,
        raw: &[RawArgument],
        head: Option<&'static Spec>,
        at: Span,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        let raw = self.without_misspelt_trailing(raw.to_vec(), head);
        let segments = ops::segments(&raw, head, ops::find);
        if let Some(stray) = segments[0].arguments.first() {
            match stray {
                RawArgument::Unknown => {}
                RawArgument::Word(word) => {
                    let near = did_you_mean(
                        &word.value,
                        ops::catalogue().filter(|spec| spec.trailing).map(|spec| spec.name),
                    );
                    let builder = self
                        .sink
                        .error(Code::E0201, word.span, format!("unknown trailing word `{}`", word.value))
                        .origin(&self.origin);
                    let builder = match near {
                        Some(near) => builder.here("not known here").fix(
                            format!("did you mean `{near}`?"),
                            word.span,
                            near,
                        ),
                        None if is_operator(&word.value) => {
                            builder.here("starts a statement of its own").help("put a `;` before it")
                        }
                        None => builder.here("no activation, normalisation or other trailing word"),
                    };
                    builder.emit();
                }
                RawArgument::Size { span, .. } => self.stray_argument(*span),
                RawArgument::Value(value) => self.stray_argument(value.span),
                RawArgument::Attribute { name, .. } => self.stray_argument(name.span),
            }
            return Flow::Unknown;
        }
        self.trailing_segments(statement, &segments[1..], at, scope, flow)
    }

    fn stray_argument(&mut self, span: Span) {
        self.sink
            .error(Code::E0204, span, "an argument that belongs to no operator word")
            .here("not expected here")
            .help("a flag of a form stands before its `<`; here only trailing words may follow")
            .origin(&self.origin)
            .emit();
    }

    fn trailing_segments(
        &mut self,
        statement: Span,
        segments: &[ops::Segment<'_>],
        head: Span,
        scope: &mut Scope,
        mut flow: Flow,
    ) -> Flow {
        for segment in segments {
            let (Some(word), Some(spec)) =
                (segment.word, segment.word.and_then(|word| ops::find(&word.value)))
            else {
                continue;
            };
            self.lint_line_start(word, head);
            let path = self.name_head(spec.name, None, word.span, scope);
            flow = self.apply(statement, spec, word.span, segment.arguments, path, flow);
            if let Flow::Value(current) = flow {
                self.builder.mark_trailing(current.node);
            }
        }
        flow
    }

    /// A trailing word that begins a line reads like a statement.
    fn lint_line_start(&mut self, word: &ast::Ident, head: Span) {
        let location = self.map.location(word.span);
        if word.span.file != head.file || location.line == self.map.location(head).line {
            return;
        }
        let text = self.map.text(word.span.file);
        let before = &text[..word.span.start as usize];
        let line = before.rsplit('\n').next().unwrap_or(before);
        if line.trim().is_empty() {
            self.sink
                .warning(Code::W0206, word.span, format!("the trailing word `{}` begins a line", word.value))
                .here("belongs to the statement that began above")
                .label(head, "this statement")
                .help("end the statement above with `;` if a statement of its own was meant, else move the word up")
                .origin(&self.origin)
                .warn();
        }
    }

    /// Binds the arguments of one operator word and adds its node.
    fn apply(
        &mut self,
        statement: Span,
        spec: &'static Spec,
        word: Span,
        arguments: &[RawArgument],
        path: Vec<String>,
        flow: Flow,
    ) -> Flow {
        let Some(bound) = ops::bind(spec, word, arguments, &self.origin, self.sink) else {
            return Flow::Unknown;
        };
        let op = match (spec.construct)(&bound) {
            Ok(op) => op,
            Err(error) => {
                self.report(error, &bound, None);
                return Flow::Unknown;
            }
        };
        match flow {
            Flow::Value(current) => {
                let site = self.site(path, spec.name, word);
                self.add(op, &[current], &bound, statement, site)
            }
            Flow::Unknown => Flow::Unknown,
            Flow::Nothing | Flow::Nowhere => self.nothing_arrives(spec.name, word),
        }
    }

    pub(super) fn nothing_arrives(&mut self, what: &str, span: Span) -> Flow {
        let help = match self.inputs {
            0 => "begin the network with `input HxWxC;`",
            1 => "move `input` to the beginning of the network",
            _ => "with several inputs none is current: begin with `@name;`",
        };
        self.sink
            .error(Code::E0309, span, format!("nothing arrives at `{what}`"))
            .here("there is no current value")
            .help(help)
            .origin(&self.origin)
            .emit();
        Flow::Unknown
    }

    pub(super) fn site(&self, path: Vec<String>, word: &str, span: Span) -> Site {
        Site {
            path: path.join("."),
            word: word.to_owned(),
            span,
            origin: self.origin.clone(),
            train_only: self.train.is_some(),
            shortcut: false,
            row: true,
        }
    }

    /// Adds a node; reports why it cannot be.
    pub(super) fn add(
        &mut self,
        op: Op,
        operands: &[Current],
        bound: &Bound,
        statement: Span,
        site: Site,
    ) -> Flow {
        if self.builder.len() >= limits::NODES {
            self.exhaust(site.span, format!("this would be node {}", self.builder.len() + 1), most_nodes());
            return Flow::Unknown;
        }
        if operands.len() > limits::OPERANDS {
            self.sink
                .error(Code::E0316, site.span, format!("`{}` has too many operands", site.word))
                .here(format!("{} operands", operands.len()))
                .note(format!("at most {} are allowed", limits::OPERANDS))
                .origin(&self.origin)
                .emit();
            return Flow::Unknown;
        }
        self.spend(limits::STEPS_OF_NODE, site.span);
        let nodes: Vec<NodeId> = operands.iter().map(|operand| operand.node).collect();
        match self.builder.add(op, &nodes, site) {
            Ok(node) => Flow::Value(Current { node, span: statement }),
            Err(error) => {
                self.report(error, bound, operands.first().copied());
                Flow::Unknown
            }
        }
    }

    /// Reports an operator's error with the places of the source.
    pub(super) fn report(&mut self, error: OpError, bound: &Bound, arriving: Option<Current>) {
        let span = match error.at {
            At::Operator => bound.word(),
            At::Argument(name) => bound.span(name).unwrap_or(bound.word()),
        };
        let mut builder =
            self.sink.error(error.code, span, error.message).here(error.here).origin(&self.origin);
        if let Some(current) = arriving {
            let shape = self.builder.shape(current.node);
            let what = if shape.is_map() { shape.to_string() } else { format!("a vector of {shape}") };
            builder = builder.label(current.span, format!("{what} comes from here"));
        }
        for note in error.notes {
            builder = builder.note(note);
        }
        for help in error.helps {
            builder = builder.help(help);
        }
        builder.emit();
    }

    /// Reports words that are nearly trailing words and drops them: they keep the shape, so what follows can
    /// still be checked.
    fn without_misspelt_trailing(&mut self, raw: Vec<RawArgument>, head: Option<&Spec>) -> Vec<RawArgument> {
        let mut current = head;
        let mut kept = Vec::with_capacity(raw.len());
        for argument in raw {
            if let RawArgument::Word(word) = &argument {
                let known = current.is_some_and(|spec| spec.flags.iter().any(|flag| flag.name == word.value));
                let found = ops::find(&word.value);
                if let Some(spec) = found.filter(|spec| spec.trailing && !known) {
                    current = Some(spec);
                } else if !known && found.is_none() && word.value != "to" {
                    let flags = current.into_iter().flat_map(|spec| spec.flags.iter().map(|flag| flag.name));
                    let attributes =
                        current.into_iter().flat_map(|spec| spec.attributes.iter().map(|one| one.name));
                    let trailing = ops::catalogue().filter(|spec| spec.trailing).map(|spec| spec.name);
                    let near = did_you_mean(&word.value, flags.chain(attributes).chain(trailing));
                    if let Some(near) = near.filter(|near| ops::find(near).is_some_and(|spec| spec.trailing))
                    {
                        self.sink
                            .error(Code::E0201, word.span, format!("unknown word `{}`", word.value))
                            .here("not known here")
                            .fix(format!("did you mean `{near}`?"), word.span, near)
                            .origin(&self.origin)
                            .emit();
                        current = ops::find(near);
                        continue;
                    }
                }
            }
            kept.push(argument);
        }
        kept
    }

    fn unknown_word(&mut self, word: &ast::Ident, env: &Environment) {
        let name = word.value.as_str();
        if self.program.is_salvaged(env.file, name) {
            return;
        }
        let blocks = &self.program.sources[env.file].names.blocks;
        let builder = if ops::form(name).is_some() {
            self.sink
                .error(Code::E0203, word.span, format!("`{name}` needs its branches"))
                .here("no `<` follows")
                .help(format!("write `{name} < … >`"))
        } else if blocks.contains_key(name) {
            self.sink
                .error(Code::E0203, word.span, format!("the block `{name}` is called without parentheses"))
                .here("no arguments follow")
                .fix(format!("write `{name}()`"), word.span, format!("{name}()"))
        } else {
            let near = suggest_statement(name, blocks.keys().map(String::as_str)).map(str::to_owned);
            let builder = self.sink.error(Code::E0101, word.span, format!("unknown operator `{name}`"));
            match near {
                Some(near) => {
                    builder.here("not known").fix(format!("did you mean `{near}`?"), word.span, near)
                }
                None => {
                    builder.here("neither an operator nor a block").help("`cnnc ops` lists the operators")
                }
            }
        };
        builder.origin(&self.origin).emit();
    }

    /// `input 224x224x3 resize=256 … as left`
    pub(super) fn input(
        &mut self,
        statement: Span,
        args: &[ast::Arg],
        name: Option<&ast::Name>,
        env: &Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        if !self.only_in_network("input", statement) {
            return Flow::Unknown;
        }
        let raw = self.raw_arguments(args, env, &Flow::Nothing);
        let path = match name {
            Some(name) if name.sequence.is_some() || name.parts.is_empty() => {
                self.sink
                    .error(Code::E0214, name.span, "an input takes a plain name")
                    .here("a sequence")
                    .emit();
                return Flow::Unknown;
            }
            Some(name) => name.parts.iter().map(|part| part.value.clone()).collect(),
            None if self.inputs > 1 => {
                self.sink
                    .error(Code::E0203, statement, "one of several inputs has no name")
                    .here("no `as`")
                    .help("name each input: `input 105x105x1 as left;`")
                    .emit();
                return Flow::Nothing;
            }
            None => vec!["input".to_owned()],
        };
        if self.inputs == 1 && matches!(flow, Flow::Value(_)) {
            self.sink
                .error(Code::E0016, statement, "`input` stands behind other statements")
                .here("must be the first value")
                .emit();
        }
        self.take_path(&path, name.map_or(statement, |name| name.span));
        let made = self.make_input(statement, &raw, path.clone());
        if name.is_some() {
            self.define_path(&path, &made, scope);
        }
        if self.inputs > 1 { flow } else { made }
    }

    fn make_input(&mut self, statement: Span, raw: &[RawArgument], path: Vec<String>) -> Flow {
        let word = Span { end: statement.start + "input".len() as u32, ..statement };
        let Some(bound) = ops::bind(&ops::INPUT, word, raw, &self.origin, self.sink) else {
            return Flow::Unknown;
        };
        let written = match (bound.dims(), bound.count("value")) {
            (&[height, width, channels], None) => Shape::map(height, width, channels),
            (&[], Some(elements)) => Shape::Vector(elements),
            _ => {
                self.sink
                    .error(Code::E0203, word, "`input` needs its shape")
                    .here("no shape, or two")
                    .help("write `input 224x224x3` or, for a vector, `input 400`")
                    .emit();
                return Flow::Unknown;
            }
        };
        let shape = self.input_size.filter(|_| self.inputs == 1).map_or(written, |size| size.of(written));
        let reals = |name| bound.reals(name).unwrap_or(&[]).to_vec();
        let node = InputNode { resize: bound.count("resize"), mean: reals("mean"), std: reals("std") };
        for (name, values) in [("mean", &node.mean), ("std", &node.std)] {
            let at = bound.span(name).unwrap_or(word);
            if !matches!(values.len(), 0 | 1) && values.len() as u64 != shape.channels() {
                self.sink
                    .error(
                        Code::E0205,
                        at,
                        format!("`{name}` has {} values for {} channels", values.len(), shape.channels()),
                    )
                    .here("one value, or one for each channel")
                    .emit();
            }
            if name == "std" && values.contains(&0.0) {
                self.sink.error(Code::E0205, at, "`std` contains a zero").here("would divide by zero").emit();
            }
        }
        let site = Site { row: false, ..self.site(path, "input", word) };
        match self.builder.input(shape, node, site) {
            Ok(node) => Flow::Value(Current { node, span: statement }),
            Err(error) => {
                self.report(error, &bound, None);
                Flow::Unknown
            }
        }
    }
}

fn has_word(arguments: &[RawArgument], word: &str) -> bool {
    arguments.iter().any(|argument| matches!(argument, RawArgument::Word(found) if found.value == word))
}

fn takes_bias(spec: &Spec) -> bool {
    spec.flags.iter().any(|flag| flag.name == "nobias")
}
