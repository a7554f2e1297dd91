//! The state of the expansion of one network: the request, the network made so far, and the context of the statement.
//!
//! The files beside this one each add methods to [`Expander`]: for statements, calls, forms, expressions.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Interrupt, SourceMap, Span, grouped};
use crate::diag::{Builder, Code, ExpansionTrace, Sink};
use crate::ir::{GraphBuilder, NodeInfo, Output};
use crate::ops;
use crate::syntax::ast;

use super::environment::{Environment, Setting, Variable};
use super::input_size::InputSize;
use super::number::Scalar;
use super::pending::PendingExpectation;
use super::program::Program;
use super::scope::{OwnPath, PathScope};
use super::sharing::Sharing;
use super::source::ItemId;
use super::steps::Steps;
use super::uses::Uses;
use super::values::ValueTable;
use super::{Evaluated, limits};

/// The expansion of one network.
pub(super) struct Expander<'a> {
    pub request: Request<'a>,
    pub sink: &'a mut Sink,
    pub draft: Draft,
    pub constants: Constants,
    pub around: Surroundings,
    pub values: ValueTable<'a>,
    pub uses: Uses,
    pub limits: Progress,
    pub coverage: Coverage<'a>,
}

/// The network as far as it is made: its graph, and its declarations.
#[derive(Debug)]
pub(super) struct Draft {
    pub graph: GraphBuilder,
    /// The number of `input` statements.
    pub inputs: usize,
    pub aux: Vec<Output>,
    pub expectations: Vec<PendingExpectation>,
    /// The places of expectations that are not checked, because the network was given other arguments than it is
    /// written for.
    pub unchecked: BTreeSet<Span>,
}

/// Records which parts of the text were expanded, so that the others can be checked at the end.
#[derive(Default)]
pub(super) struct Coverage<'a> {
    /// The blocks that were expanded.
    pub blocks: BTreeSet<ItemId>,
    /// Repeated statements by their place: `None` if at least one copy was expanded, otherwise what is needed to check
    /// it.
    pub repeated: BTreeMap<Span, Option<Skipped<'a>>>,
}

/// The request of the caller: the files, and the settings of the network.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub program: &'a Program,
    /// The texts of all files, for locations and edits.
    pub map: &'a SourceMap,
    /// The values of parameters and constants that the caller sets.
    pub settings: BTreeMap<String, Scalar>,
    /// Replaces the shape of the only input.
    pub input_size: Option<InputSize>,
    /// Whether the caller changes a parameter of the network or the size of its input.
    pub differs: bool,
    /// Ends an expansion whose result is no longer needed.
    pub interrupt: Interrupt,
}

/// The values of the constants of files.
#[derive(Debug, Default)]
pub(super) struct Constants {
    pub known: BTreeMap<ItemId, Evaluated<Scalar>>,
    /// The constants whose expressions are being evaluated, outermost first.
    pub open: Vec<ItemId>,
}

/// The calls, blocks and branches around the statement that is being expanded.
#[derive(Default)]
pub(super) struct Surroundings {
    /// The calls and repetitions around the statement.
    pub trace: ExpansionTrace,
    /// The blocks that are being expanded, outermost first.
    pub blocks: Vec<ItemId>,
    /// The number of groups, branches and blocks around the statement.
    pub nesting: usize,
    /// The number of the `aux train` branch around the statement.
    pub train: Option<u32>,
    /// The `shared` statement whose original is being expanded again.
    pub sharing: Option<Sharing>,
}

/// The part of its limits that the expansion has used.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub steps: Steps,
    /// The depth of the expression that is being evaluated.
    pub terms_open: usize,
    /// Whether a limit was reached, which was reported.
    pub exhausted: bool,
    /// The last number given to an `aux train` branch or an expansion of an inline block.
    pub numbers: u32,
}

/// A statement that `* 0` left out, with the context in which it is checked.
pub(super) struct Skipped<'a> {
    pub head: &'a ast::Head,
    pub env: Environment,
    pub trace: ExpansionTrace,
}

impl<'a> Expander<'a> {
    pub(super) fn new(request: Request<'a>, sink: &'a mut Sink, uses: Uses, steps: Steps) -> Expander<'a> {
        Expander {
            request,
            sink,
            draft: Draft {
                graph: GraphBuilder::new(String::new()),
                inputs: 0,
                aux: Vec::new(),
                expectations: Vec::new(),
                unchecked: BTreeSet::new(),
            },
            constants: Constants::default(),
            around: Surroundings::default(),
            values: ValueTable::default(),
            uses,
            limits: Progress { steps, ..Progress::default() },
            coverage: Coverage::default(),
        }
    }

    /// Starts an error. It names the calls and repetitions around the statement.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.sink.error(code, span, message).trace(&self.around.trace)
    }

    /// Starts a warning. It names the calls and repetitions around the statement.
    pub(super) fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.sink.warning(code, span, message).trace(&self.around.trace)
    }

    /// Counts steps. Ends the expansion if there were too many, or if its further errors would not be kept.
    pub(super) fn spend(&mut self, steps: u64, span: Span) {
        let looked = self.limits.steps.take(steps);
        if looked && self.request.interrupt.is_over() {
            self.limits.exhausted = true;
        }
        if self.limits.steps.are_spent() {
            let most = grouped(u128::from(limits::STEPS));
            self.exhaust(
                span,
                "the networks of the file take too long to expand",
                format!("at most {most} steps are taken: statements, copies, terms"),
            );
        }
        self.limits.exhausted |= self.sink.is_full();
    }

    /// Ends the expansion, and reports why unless it has ended before.
    pub(super) fn exhaust(&mut self, span: Span, found: impl Into<String>, limit: String) {
        if !self.limits.exhausted {
            self.error(Code::E0314, span, "the expansion is too large").here(found).note(limit).emit();
        }
        self.limits.exhausted = true;
    }

    /// Gives a number that no other `aux train` branch and no other expansion of an inline block has.
    pub(super) fn take_number(&mut self) -> u32 {
        self.limits.numbers += 1;
        self.limits.numbers
    }

    /// Declares a parameter or constant. It may shadow a constant of the file; any other second declaration is
    /// reported.
    pub(super) fn declare(&mut self, name: &ast::Ident, variable: Variable, env: &mut Environment) {
        if let Err(first) = env.declare(&name.value, variable) {
            self.error(Code::E0104, name.span, format!("`{}` is defined twice", name.value))
                .here("defined again")
                .label(first, "first defined here")
                .help("a constant may shadow a constant of the file and nothing else")
                .emit();
        }
    }

    /// Reserves a path; reports one that is too long or taken already.
    pub(super) fn take_path(&mut self, path: &[String], span: Span) {
        self.spend(path.len() as u64, span);
        let bytes = path.iter().map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
        if bytes > limits::PATH && !self.limits.exhausted {
            self.error(Code::E0013, span, format!("a path of {bytes} bytes; the limit is {}", limits::PATH))
                .here("its path begins with the names of everything around it")
                .emit();
            self.limits.exhausted = true;
            return;
        }
        let Err(Some(first)) = self.values.take(path, span) else { return };
        let shown = path.join(".");
        let builder = self.error(Code::E0105, span, format!("two parts of the network are called `{shown}`"));
        if first == span {
            builder
                .here("every copy has this name")
                .help("name the repetition: `[ … ] * n as name` calls the copies `name.0`, `name.1` …")
                .emit();
        } else {
            builder
                .here("the second")
                .label(first, "the first")
                .help("give one of them another name with `as`")
                .help(format!("for the same weights at both places write `shared {shown} as another_name`"))
                .emit();
        }
    }

    /// The path of a statement: its own, or an automatic one. The ordinal of the word is used up in both cases.
    pub(super) fn name_head(
        &mut self,
        kind: &str,
        own: OwnPath,
        span: Span,
        scope: &mut PathScope,
    ) -> Vec<String> {
        let automatic = scope.take(kind);
        // `identity` makes no layer, so that only a written name of it is a path.
        if own.is_none() && kind == ops::IDENTITY {
            return automatic;
        }
        let path = own.unwrap_or(automatic);
        self.take_path(&path, span);
        path
    }

    /// The properties of a node that do not depend on its operator.
    pub(super) fn node_info(&self, path: Vec<String>, word: &'static str, span: Span) -> NodeInfo {
        NodeInfo {
            path: path.join("."),
            word,
            span,
            trace: self.around.trace.clone(),
            train_only: self.around.train.is_some(),
            shortcut: false,
            is_layer: true,
        }
    }
}

/// The rule for the number of nodes, as a message states it.
pub(super) fn most_nodes() -> String {
    format!("a network has at most {} nodes", limits::NODES)
}

/// A constant as a variable.
pub(super) fn constant(value: Evaluated<Scalar>, declared: Span) -> Variable {
    Variable { value: value.map(Setting::Scalar), declared, is_parameter: false }
}
