//! Expands whole networks, and, to find their errors, blocks that nothing calls and statements that `* 0` leaves out.

use std::collections::BTreeSet;

use crate::base::grow_stack;
use crate::diag::{Code, ExpansionTrace, Suggested};
use crate::ir::{GraphBuilder, Output};
use crate::syntax::ast;

use super::call::Callee;
use super::context::Context;
use super::environment::{Environment, Setting};
use super::expander::Expander;
use super::incoming::Incoming;
use super::scope::PathScope;
use super::source::ItemId;
use super::uses::Definition;
use super::values::ValueTable;
use super::{Unavailable, limits};

/// Codes that do not depend on values: unknown words and names, words given twice, a block that calls itself. Only
/// these are reported for statements that `* 0` left out.
const WITHOUT_VALUES: [Code; 7] =
    [Code::E0101, Code::E0102, Code::E0107, Code::E0112, Code::E0201, Code::E0202, Code::E0204];

impl<'a> Expander<'a> {
    /// Expands a network of the root file. Returns false if its graph is not complete.
    pub(super) fn network(&mut self, name: Option<&str>) -> bool {
        let root = &self.request.program.sources[0];
        if let Some(body) = &root.parsed.tree.statements {
            self.draft.graph = GraphBuilder::new(self.request.program.entries()[0].name.clone());
            return self.network_body(body, Environment::of_file(0));
        }
        let Some(name) = name else { return false };
        let Some(&id) = root.names.networks.get(name).filter(|id| id.file == 0) else { return false };
        self.draft.graph = GraphBuilder::new(name);
        let network = self.request.program.network(id);
        let mut env = Environment::of_file(id.file);
        let mut complete = true;
        for param in &network.params {
            let value = match (self.request.settings.get(param.name.value.as_str()), &param.default) {
                (Some(&setting), _) => Ok(Setting::Scalar(setting)),
                (None, Some(default)) => self.setting(param, default, &env, Incoming::Nowhere),
                (None, None) => {
                    complete = false;
                    Err(Unavailable)
                }
            };
            self.declare_parameter(param, value, &mut env);
        }
        let expanded = self.network_kind(network, env, &mut vec![id]);
        complete && expanded
    }

    /// The body of a network, or of the network that it is an instance of.
    fn network_kind(&mut self, network: &'a ast::Network, env: Environment, chain: &mut Vec<ItemId>) -> bool {
        let (of, args, args_span) = match &network.kind {
            ast::NetworkKind::Body(body) => return self.network_body(body, env),
            ast::NetworkKind::Instance { of, args, args_span } => (of, args, *args_span),
        };
        let program = self.request.program;
        let names = &program.sources[env.file].names.networks;
        let Some(&target) = names.get(of.value.as_str()) else {
            if !program.is_salvaged(env.file, &of.value) {
                let builder = self
                    .error(Code::E0106, of.span, format!("unknown network `{}`", of.value))
                    .here("no network of this name");
                let (Suggested::Near(builder) | Suggested::Nothing(builder)) =
                    builder.suggest(&of.value, of.span, names.keys());
                builder.emit();
            }
            return false;
        };
        let network = program.network(target);
        self.uses.word(of.span, || Definition::Network(network.name.span));
        if chain.contains(&target) {
            self.error(Code::E0107, of.span, "a network that is an instance of itself")
                .here("leads back to this network")
                .emit();
            return false;
        }
        if chain.len() > limits::INSTANCES {
            self.error(Code::E0315, of.span, "networks are instances of each other too deeply")
                .here(format!("the {}th instance of another", limits::INSTANCES + 1))
                .emit();
            return false;
        }
        chain.push(target);
        let callee = Callee { name: &of.value, params: &network.params, file: target.file, args_span };
        let inner = self.arguments_of_call(&callee, args, &env, Incoming::Nowhere);
        grow_stack(|| self.network_kind(network, inner, chain))
    }

    fn network_body(&mut self, body: &'a ast::Body, mut env: Environment) -> bool {
        self.draft.inputs =
            body.statements.iter().filter(|one| matches!(one.kind, ast::StmtKind::Input { .. })).count();
        let mut scope = PathScope::root();
        let (span, arriving) = (body.span, Incoming::Nothing);
        let end = self.body(body, Context { span, env: &mut env, scope: &mut scope, arriving });
        let node = match end {
            Incoming::Value(current) => current.node,
            Incoming::Nothing | Incoming::Nowhere => {
                if !self.sink.has_failed() && !self.request.program.is_broken() {
                    let at = body.statements.first().map_or(body.span, |statement| statement.span);
                    let here = match self.draft.inputs {
                        0 => "no `input` and no value",
                        _ => "several inputs, and none of them is used",
                    };
                    self.error(Code::E0321, at, "the network computes nothing")
                        .here(here)
                        .help("begin with `input HxWxC;`, or with several named inputs and `@name;`")
                        .emit();
                }
                return false;
            }
            Incoming::Unavailable => return false,
        };
        if self.draft.inputs == 0 {
            return false;
        }
        self.draft.graph.output(Output { name: "out".to_owned(), node, train_only: false });
        for output in std::mem::take(&mut self.draft.aux) {
            self.draft.graph.output(output);
        }
        self.resolve_expectations();
        true
    }

    /// Evaluates the constants and defaults of the root file, to report the errors of those that are not used.
    pub(super) fn check_constants(&mut self) {
        let program = self.request.program;
        for (item, parsed) in program.sources[0].parsed.tree.items.iter().enumerate() {
            match &parsed.kind {
                ast::ItemKind::Let(one) => {
                    let _ = self.constant(ItemId { file: 0, item }, one.name.span);
                }
                ast::ItemKind::Block(block) => {
                    let mut env = Environment::of_file(0);
                    for param in &block.params {
                        let value = match &param.default {
                            Some(default) => self.setting(param, default, &env, Incoming::Nowhere),
                            None => Err(Unavailable),
                        };
                        // Of defaults only the words are known: the caller may give other numbers.
                        let value = value.and(Err(Unavailable));
                        self.declare_parameter(param, value, &mut env);
                    }
                }
                _ => {}
            }
        }
    }

    /// Expands statements that `* 0` left out, only to check the words and names in them. Their values mean nothing:
    /// `[conv 1x1x(h)] * (h)` is right where h is 0.
    pub(super) fn check_skipped_statements(&mut self) {
        let mut checked = BTreeSet::new();
        while !self.coverage.repeated.is_empty() {
            // Statements that one of them leaves out in turn are found while it is expanded.
            for (span, skipped) in std::mem::take(&mut self.coverage.repeated) {
                let Some(mut skipped) = skipped.filter(|_| checked.insert(span)) else { continue };
                self.values = ValueTable::default();
                self.around.trace = skipped.trace;
                let reported = std::mem::take(self.sink);
                let mut scope = PathScope::root();
                let env = &mut skipped.env;
                let mut cx = Context { span, env, scope: &mut scope, arriving: Incoming::Unavailable };
                self.copy(skipped.head, None, None, &mut cx);
                let found = std::mem::replace(self.sink, reported).into_sorted();
                let found = found.into_iter().filter(|one| WITHOUT_VALUES.contains(&one.code));
                found.for_each(|one| self.sink.add(one));
            }
        }
        self.around.trace = ExpansionTrace::default();
    }

    /// Expands a block whose arguments are unknown.
    pub(super) fn uncalled_block(&mut self, block: &'a ast::Block, id: ItemId) {
        let mut env = Environment::of_file(0);
        for param in &block.params {
            self.declare_parameter(param, Err(Unavailable), &mut env);
        }
        self.values = ValueTable::default();
        self.around.blocks.push(id);
        self.around.nesting += 1;
        let mut scope = PathScope::root();
        let arriving = Incoming::Unavailable;
        let span = block.body.span;
        self.body(&block.body, Context { span, env: &mut env, scope: &mut scope, arriving });
        self.around.nesting -= 1;
        self.around.blocks.pop();
    }
}
