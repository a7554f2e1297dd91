//! The state of the expansion of one network: what it reads, what it has made so far, and how it reports errors.
//!
//! The files beside this one each add what they know to [`Expander`]: statements, calls, forms, expressions.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Interrupt, SourceMap, Span, grouped};
use crate::diag::{Builder, Code, ExpansionTrace, Sink};
use crate::ir::{GraphBuilder, NodeInfo, Output};
use crate::syntax::ast;

use super::environment::{Environment, Setting, Variable};
use super::input_size::InputSize;
use super::number::Scalar;
use super::pending::PendingExpectation;
use super::program::Program;
use super::scope::{OwnPath, PathScope};
use super::sharing::{Shareable, Sharing};
use super::source::ItemId;
use super::steps::Steps;
use super::uses::Uses;
use super::values::ValueTable;
use super::{Evaluated, limits};

/// The expansion of one network.
pub(super) struct Expander<'a> {
    pub program: &'a Program,
    pub map: &'a SourceMap,
    pub sink: &'a mut Sink,
    pub builder: GraphBuilder,
    pub given: Given,
    pub constants: Constants,
    pub around: Surroundings,
    pub values: ValueTable,
    /// Statements with a plain name, by path, for `shared`.
    pub shareable: BTreeMap<String, Shareable<'a>>,
    pub uses: Uses,
    pub limits: Progress,
    pub declared: Declarations,
    pub coverage: Coverage<'a>,
}

/// The inputs, auxiliary outputs and expectations that the network declares.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    /// The number of `input` statements.
    pub inputs: usize,
    pub aux: Vec<Output>,
    pub expectations: Vec<PendingExpectation>,
    /// The places of expectations that are not checked, because the network has other arguments than those written.
    pub unchecked: BTreeSet<Span>,
}

/// The parts of the text that were expanded, and those that were left out and are still to be checked.
#[derive(Default)]
pub(super) struct Coverage<'a> {
    /// The blocks that were expanded.
    pub blocks: BTreeSet<ItemId>,
    /// Repeated statements, by their place: `None` where at least one copy was expanded, else what its check needs.
    pub repeated: BTreeMap<Span, Option<Skipped<'a>>>,
}

/// The settings of the caller.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// `--set`: parameters and constants.
    pub settings: BTreeMap<String, Scalar>,
    /// Replaces the shape of the only input.
    pub input_size: Option<InputSize>,
    /// A parameter of the network or the size of its input is not as written.
    pub differs: bool,
    /// Ends the expansion.
    pub interrupt: Interrupt,
}

/// The constants of files.
#[derive(Debug, Default)]
pub(super) struct Constants {
    pub known: BTreeMap<ItemId, Evaluated<Scalar>>,
    /// The constants that are being evaluated, outermost first.
    pub open: Vec<ItemId>,
}

/// The calls, blocks and branches around the statement that is being expanded.
#[derive(Default)]
pub(super) struct Surroundings {
    /// The calls and repetitions that led here.
    pub trace: ExpansionTrace,
    /// The blocks that are being expanded, outermost first.
    pub blocks: Vec<ItemId>,
    /// The number of groups, branches and blocks around the statement.
    pub nesting: usize,
    /// The `aux train`, by number.
    pub train: Option<u32>,
    /// The `shared` statement.
    pub sharing: Option<Sharing>,
}

/// What the expansion has used up of its limits.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub steps: Steps,
    /// Terms of expressions that are being evaluated.
    pub terms_open: usize,
    /// A limit was reached, and it was reported.
    pub exhausted: bool,
    /// Numbers that `aux train` branches and expansions of inline blocks have got.
    pub numbers: u32,
}

/// A statement that `* 0` left out.
pub(super) struct Skipped<'a> {
    pub head: &'a ast::Head,
    pub env: Environment,
    pub trace: ExpansionTrace,
}

impl<'a> Expander<'a> {
    pub(super) fn new(
        program: &'a Program,
        map: &'a SourceMap,
        sink: &'a mut Sink,
        given: Given,
        steps: Steps,
    ) -> Expander<'a> {
        Expander {
            program,
            map,
            sink,
            builder: GraphBuilder::new(String::new()),
            given,
            constants: Constants::default(),
            around: Surroundings::default(),
            values: ValueTable::default(),
            shareable: BTreeMap::new(),
            uses: Uses::default(),
            limits: Progress { steps, ..Progress::default() },
            declared: Declarations::default(),
            coverage: Coverage::default(),
        }
    }

    /// Starts an error at the statement at hand, with the calls and repetitions that led there.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.sink.error(code, span, message).trace(&self.around.trace)
    }

    /// Starts a warning, with the calls and repetitions that led there.
    pub(super) fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.sink.warning(code, span, message).trace(&self.around.trace)
    }

    /// Counts steps. Ends the expansion where there were too many, or where nobody would read its further errors.
    pub(super) fn spend(&mut self, steps: u64, span: Span) {
        let looked = self.limits.steps.take(steps);
        if looked && self.given.interrupt.is_over() {
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

    /// Ends the expansion with an error.
    pub(super) fn exhaust(&mut self, span: Span, found: impl Into<String>, limit: String) {
        if !self.limits.exhausted {
            self.error(Code::E0314, span, "the expansion is too large").here(found).note(limit).emit();
        }
        self.limits.exhausted = true;
    }

    /// A number that no other `aux train` and no other inline expansion has.
    pub(super) fn take_number(&mut self) -> u32 {
        self.limits.numbers += 1;
        self.limits.numbers
    }

    /// Declares a parameter or constant; it may shadow a file's constant and nothing else.
    pub(super) fn declare(&mut self, name: &ast::Ident, variable: Variable, env: &mut Environment) {
        if let Err(first) = env.declare(&name.value, variable) {
            self.error(Code::E0104, name.span, format!("`{}` is defined twice", name.value))
                .here("defined again")
                .label(first, "first defined here")
                .help("a constant may shadow a constant of the file and nothing else")
                .emit();
        }
    }

    /// Takes a path; an error where it is taken already.
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
        if path == ["out"] {
            self.error(Code::E0111, span, "a part of the network may not be called `out`")
                .here("this is the name of the network's output")
                .help("leave the name out, or take another one")
                .emit();
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

    /// The path of a statement's head: its own or the automatic one. Numbers and ordinals are taken in both cases.
    pub(super) fn name_head(
        &mut self,
        kind: &str,
        own: OwnPath,
        span: Span,
        scope: &mut PathScope,
    ) -> Vec<String> {
        let automatic = scope.take(kind);
        // `identity` has no row, so that only a written name of it is a path.
        if own.is_none() && kind == "identity" {
            return automatic;
        }
        let path = own.unwrap_or(automatic);
        self.take_path(&path, span);
        path
    }

    /// What the graph keeps of the place of a node.
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

/// The rule of the nodes.
pub(super) fn most_nodes() -> String {
    format!("a network has at most {} nodes", limits::NODES)
}

/// A constant with its value.
pub(super) fn constant(value: Evaluated<Scalar>, declared: Span) -> Variable {
    Variable { value: value.map(Setting::Scalar), declared, is_parameter: false }
}
