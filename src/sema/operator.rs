//! Expands operators: their words become nodes of the graph.

use crate::base::{Span, Spanned};
use crate::diag::Code;
use crate::ir::{NodeId, NodeInfo};
use crate::ops::{self, At, Bound, Op, OpError, RawArgument, Spec};
use crate::syntax::ast;

use super::context::Context;
use super::environment::Setting;
use super::expander::{Expander, most_nodes};
use super::incoming::{Current, Incoming};
use super::limits;
use super::scope::OwnPath;
use super::uses::Definition;

impl<'a> Expander<'a> {
    /// Expands a statement such as `conv 5x5x16 same relu`: the operator, then its trailing words.
    pub(super) fn operator(
        &mut self,
        word: &'a ast::Ident,
        args: &'a [ast::Arg],
        own: OwnPath,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let name = match cx.env.get(&word.value).map(|one| (one.value, one.declared)) {
            // A `word` parameter that begins a statement.
            Some((Ok(Setting::Word(stands_for)), declared)) => {
                self.uses.word(word.span, || Definition::Parameter(declared));
                stands_for.unwrap_or(ops::IDENTITY)
            }
            _ => word.value.as_str(),
        };
        if name == ops::IDENTITY {
            let raw = self.raw_arguments(args, cx);
            self.name_head(ops::IDENTITY, own, word.span, cx.scope);
            return self.trailing(&raw, word.span, cx);
        }
        let spec = ops::find(name).filter(|_| !self.is_own_block(name, cx.env.file));
        let Some(spec) = spec else {
            self.unknown_operator(word, args, cx);
            self.name_head(name, own, word.span, cx.scope);
            return Incoming::Unavailable;
        };
        self.uses.word(word.span, || Definition::Operator(spec.name));
        let raw = self.raw_arguments(args, cx);
        let raw = self.without_misspelt(raw, Some(spec));
        let segments = ops::segments(&raw, Some(spec));
        let mut head = segments[0].arguments.to_vec();
        let first_trailing = segments.get(1).and_then(|segment| ops::find(&segment.word?.value));
        let is_absorbed = first_trailing.is_some_and(|trailing| trailing.absorbs_bias);
        if is_absorbed && spec.takes_bias() && !has_word(&head, "bias") && !has_word(&head, "nobias") {
            head.push(RawArgument::Word(Spanned::new("nobias".into(), word.span)));
        }
        let head = self.without_foreign(spec, head);
        let path = self.name_head(spec.name, own, word.span, cx.scope);
        let value = self.apply(spec, word.span, &head, path, cx);
        self.trailing_segments(&segments[1..], word.span, &mut cx.receiving(value))
    }

    /// Binds the arguments of one operator word and adds its node.
    pub(super) fn apply(
        &mut self,
        spec: &'static Spec,
        word: Span,
        arguments: &[RawArgument],
        path: Vec<String>,
        cx: &Context<'_>,
    ) -> Incoming {
        self.note_words(spec, arguments);
        let Some(bound) = ops::bind(spec, word, arguments, &self.around.trace, self.sink) else {
            return Incoming::Unavailable;
        };
        let op = match bound.operator() {
            Ok(op) => op,
            Err(error) => {
                self.report(error, &bound, None);
                return Incoming::Unavailable;
            }
        };
        match cx.arriving {
            Incoming::Value(current) => {
                let info = self.node_info(path, spec.name, word);
                self.add(op, &[current], &bound, cx.span, info)
            }
            Incoming::Unavailable => Incoming::Unavailable,
            Incoming::Nothing | Incoming::Nowhere => self.nothing_arrives(spec.name, word),
        }
    }

    pub(super) fn nothing_arrives(&mut self, what: &str, span: Span) -> Incoming {
        let help = match self.draft.inputs {
            0 => "begin the network with `input HxWxC;`",
            1 => "move `input` to the beginning of the network",
            _ => "with several inputs none is current: begin with `@name;`",
        };
        self.error(Code::E0309, span, format!("`{what}` has no input"))
            .here("there is no current value")
            .help(help)
            .emit();
        Incoming::Unavailable
    }

    /// Adds a node, or reports why it cannot be added.
    pub(super) fn add(
        &mut self,
        op: Op,
        operands: &[Current],
        bound: &Bound,
        statement: Span,
        info: NodeInfo,
    ) -> Incoming {
        match self.try_add(op, operands, statement, info) {
            Ok(value) => value,
            Err(error) => {
                self.report(error, bound, operands.first().copied());
                Incoming::Unavailable
            }
        }
    }

    /// Adds a node. Limits are reported here; an error of the operator's own rules is returned to the caller.
    pub(super) fn try_add(
        &mut self,
        op: Op,
        operands: &[Current],
        statement: Span,
        info: NodeInfo,
    ) -> Result<Incoming, OpError> {
        if self.draft.graph.len() >= limits::NODES {
            self.exhaust(
                info.span,
                format!("this would be node {}", self.draft.graph.len() + 1),
                most_nodes(),
            );
            return Ok(Incoming::Unavailable);
        }
        if operands.len() > limits::OPERANDS {
            self.error(Code::E0316, info.span, format!("`{}` has too many operands", info.word))
                .here(format!("{} operands", operands.len()))
                .note(format!("at most {} are allowed", limits::OPERANDS))
                .emit();
            return Ok(Incoming::Unavailable);
        }
        self.spend(limits::STEPS_OF_NODE, info.span);
        let nodes: Vec<NodeId> = operands.iter().map(|operand| operand.node).collect();
        let node = self.draft.graph.add(op, &nodes, info)?;
        if !self.share_parameters(node) {
            return Ok(Incoming::Unavailable);
        }
        Ok(Incoming::Value(Current { node, span: statement }))
    }

    /// Reports an operator's error, with the places of the arguments in the source.
    pub(super) fn report(&mut self, error: OpError, bound: &Bound, arriving: Option<Current>) {
        let span = match error.at {
            At::Operator => bound.word(),
            At::Argument(name) => bound.span(name).unwrap_or(bound.word()),
        };
        let arriving = arriving.map(|current| (current.span, self.draft.graph.shape(current.node)));
        let mut builder = self.error(error.code, span, error.message).here(error.here);
        if let Some((place, shape)) = arriving {
            let what = if shape.is_map() { shape.to_string() } else { format!("a vector of {shape}") };
            builder = builder.label(place, format!("{what} comes from here"));
        }
        for note in error.notes {
            builder = builder.note(note);
        }
        for help in error.helps {
            builder = builder.help(help);
        }
        builder.emit();
    }
}

fn has_word(arguments: &[RawArgument], word: &str) -> bool {
    arguments.iter().any(|argument| matches!(argument, RawArgument::Word(found) if found.value == word))
}
