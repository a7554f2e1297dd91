//! Expands one network into the graph.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{SourceMap, Span, did_you_mean, grow_stack};
use crate::diag::{Code, Origin, Sink};
use crate::ir::{Graph, GraphBuilder, NodeId, Output};
use crate::syntax::ast;
use crate::tensor::Shape;

use super::evaluate::Environment;
use super::expect::PendingExpectation;
use super::names::Names;
use super::number::Number;
use super::program::{ItemId, Program};
use super::scope::Scope;
use super::steps::Steps;
use super::{Known, Unknown, limits};

/// What takes the place of the written shape of the only input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSize {
    /// This shape.
    Shape(Shape),
    /// So many rows and columns; the channels stay as written.
    Extent(u64, u64),
    /// The side of a square whose channels stay as written; the elements of a vector.
    Side(u64),
}

impl InputSize {
    /// The shape of an input that is written as `written`.
    pub(super) fn of(self, written: Shape) -> Shape {
        match (self, written) {
            (InputSize::Shape(shape), _) => shape,
            (InputSize::Extent(height, width), Shape::Map { channels, .. }) => {
                Shape::map(height, width, channels)
            }
            (InputSize::Side(side), Shape::Map { channels, .. }) => Shape::map(side, side, channels),
            (InputSize::Side(elements), Shape::Vector(_)) => Shape::Vector(elements),
            // A vector has no rows: the operators behind it say what does not fit.
            (InputSize::Extent(height, width), Shape::Vector(_)) => Shape::map(height, width, 1),
        }
    }
}

/// What is expanded, and with which settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The network, by name; `None` is the only one that needs no arguments.
    pub network: Option<String>,
    /// `--set name=value`: parameters of the network and constants.
    pub settings: Vec<(String, Number)>,
    /// Replaces the shape of the only input.
    pub input_size: Option<InputSize>,
    /// The steps that networks of the same file took before.
    pub steps: Steps,
    /// Expands the network even where arguments are missing: what depends on them is unknown.
    pub partial: bool,
}

/// What came of an expansion.
#[derive(Debug)]
pub struct Expanded {
    /// The graph; `None` where an error was reported or an argument is missing.
    pub graph: Option<Graph>,
    /// The settings that nothing took.
    pub unused_settings: Vec<String>,
    /// The blocks that it called.
    pub called: BTreeSet<ItemId>,
    /// The steps that were taken, those before included.
    pub steps: Steps,
    /// Whether a limit ended it.
    pub exhausted: bool,
}

/// The current value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Current {
    pub node: NodeId,
    /// The statement that made it.
    pub span: Span,
}

/// What arrives at a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    /// Outside of any network: in a constant or a default.
    Nowhere,
    /// Before the first value.
    Nothing,
    /// A value that is not known.
    Unknown,
    /// A value.
    Value(Current),
}

impl Flow {
    /// The value.
    pub(super) fn value(&self) -> Known<Current> {
        match self {
            Flow::Value(current) => Ok(*current),
            _ => Err(Unknown),
        }
    }
}

/// The expansion of one network.
pub(super) struct Expander<'a> {
    pub program: &'a Program,
    pub map: &'a SourceMap,
    pub sink: &'a mut Sink,
    pub builder: GraphBuilder,
    pub settings: BTreeMap<String, Number>,
    pub constants: BTreeMap<ItemId, Known<Number>>,
    pub constants_open: Vec<ItemId>,
    pub names: Names,
    pub origin: Origin,
    /// The blocks that are being expanded, outermost first.
    pub open_blocks: Vec<ItemId>,
    /// Every block that was expanded.
    pub expanded: BTreeSet<ItemId>,
    /// Groups, branches and blocks around the statement.
    pub nesting: usize,
    /// The `aux train` around the statement, by number.
    pub train: Option<u32>,
    pub trains: u32,
    pub steps: Steps,
    /// Terms of expressions that are being evaluated.
    pub terms_open: usize,
    /// A limit was reached, and it was reported.
    pub exhausted: bool,
    pub input_size: Option<InputSize>,
    pub inputs: usize,
    pub aux: Vec<Output>,
    pub expectations: Vec<PendingExpectation>,
    /// Repeated statements, by their place: None where one was written out, else what is needed to check it.
    pub repeated: BTreeMap<Span, Option<Skipped<'a>>>,
}

/// A statement that `* 0` left out.
pub(super) struct Skipped<'a> {
    pub head: &'a ast::Head,
    pub env: Environment,
    pub origin: Origin,
}

/// What can be said of a statement without its values: that it has words or names that nobody knows, words twice,
/// or calls the block that it stands in.
const WITHOUT_VALUES: [Code; 7] =
    [Code::E0101, Code::E0102, Code::E0107, Code::E0112, Code::E0201, Code::E0202, Code::E0204];

/// Expands a network of the root file.
pub fn expand(program: &Program, map: &SourceMap, options: &Options, sink: &mut Sink) -> Expanded {
    let mut expander = Expander::new(program, map, options, sink);
    let failed_before = expander.sink.failed().is_some();
    let complete = expander.network(options);
    if options.partial {
        expander.check_skipped_statements();
    }
    let Expander { builder, sink, expanded: called, steps, exhausted, .. } = expander;
    let graph = (complete && sink.failed().is_none() && !failed_before && !program.is_broken())
        .then(|| builder.finish());
    let settings = options.settings.iter().map(|(name, _)| name);
    let unused_settings = settings.filter(|name| !is_settable(program, options, name)).cloned().collect();
    Expanded { graph, unused_settings, called, steps, exhausted }
}

/// Evaluates the constants and defaults of the root file, and expands the blocks that nothing called with unknown
/// arguments, for their errors.
pub fn check_uncalled_blocks(
    program: &Program,
    map: &SourceMap,
    options: &Options,
    called: &BTreeSet<ItemId>,
    sink: &mut Sink,
) {
    let mut expander = Expander::new(program, map, options, sink);
    expander.check_constants();
    for (item, parsed) in program.sources[0].parsed.tree.items.iter().enumerate() {
        let id = ItemId { file: 0, item };
        if let ast::ItemKind::Block(block) = &parsed.kind
            && !called.contains(&id)
            && !expander.expanded.contains(&id)
        {
            expander.uncalled_block(block, id);
        }
    }
    expander.check_skipped_statements();
}

/// What settings reach: the parameters of the network and the constants of the files.
pub fn settable<'a>(program: &'a Program, options: &Options) -> impl Iterator<Item = &'a str> {
    let constants = program.sources.iter().flat_map(|source| source.names.lets.keys());
    parameters(program, options).iter().map(|param| &param.name.value).chain(constants).map(String::as_str)
}

fn is_settable(program: &Program, options: &Options, name: &str) -> bool {
    parameters(program, options).iter().any(|param| param.name.value == name)
        || program.sources.iter().any(|source| source.names.lets.contains_key(name))
}

/// The parameters of the network that is expanded.
fn parameters<'a>(program: &'a Program, options: &Options) -> &'a [ast::Param] {
    let network = options.network.as_ref().and_then(|name| program.sources[0].names.networks.get(name));
    network.map_or(&[], |&id| &program.network(id).params)
}

impl<'a> Expander<'a> {
    fn new(program: &'a Program, map: &'a SourceMap, options: &Options, sink: &'a mut Sink) -> Expander<'a> {
        Expander {
            program,
            map,
            sink,
            builder: GraphBuilder::new(options.network.clone().unwrap_or_default()),
            settings: options.settings.iter().cloned().collect(),
            constants: BTreeMap::new(),
            constants_open: Vec::new(),
            names: Names::default(),
            origin: Origin::default(),
            open_blocks: Vec::new(),
            expanded: BTreeSet::new(),
            nesting: 0,
            train: None,
            trains: 0,
            steps: options.steps,
            terms_open: 0,
            exhausted: false,
            input_size: options.input_size,
            inputs: 0,
            aux: Vec::new(),
            expectations: Vec::new(),
            repeated: BTreeMap::new(),
        }
    }

    fn network(&mut self, options: &Options) -> bool {
        let root = &self.program.sources[0];
        if let Some(body) = &root.parsed.tree.statements {
            let name = self.program.entries()[0].name.clone();
            self.builder = GraphBuilder::new(name);
            return self.network_body(body, Environment::of_file(0));
        }
        let Some(name) = options.network.as_ref() else { return false };
        let Some(&id) = root.names.networks.get(name).filter(|id| id.file == 0) else { return false };
        self.builder = GraphBuilder::new(name.clone());
        let network = self.program.network(id);
        let mut env = Environment::of_file(id.file);
        let mut complete = true;
        for param in &network.params {
            let value = match (self.settings.get(&param.name.value), &param.default) {
                (Some(&setting), _) => Ok(setting),
                (None, Some(default)) => self.evaluate(default, &env, &Flow::Nowhere),
                (None, None) => {
                    complete = false;
                    Err(Unknown)
                }
            };
            self.declare(&param.name, value, &mut env);
        }
        let mut chain = vec![id];
        let expanded = self.network_kind(network, env, &mut chain);
        complete && expanded
    }

    /// The body of a network, or of the network that it is an instance of.
    fn network_kind(&mut self, network: &'a ast::Network, env: Environment, chain: &mut Vec<ItemId>) -> bool {
        match &network.kind {
            ast::NetworkKind::Body(body) => self.network_body(body, env),
            ast::NetworkKind::Instance { of, args, args_span } => {
                let names = &self.program.sources[env.file].names.networks;
                let Some(&target) = names.get(&of.value) else {
                    if !self.program.is_salvaged(env.file, &of.value) {
                        let near =
                            did_you_mean(&of.value, names.keys().map(String::as_str)).map(str::to_owned);
                        let builder = self
                            .sink
                            .error(Code::E0106, of.span, format!("unknown network `{}`", of.value))
                            .here("no network of this name");
                        let builder = if let Some(near) = near {
                            builder.fix(format!("did you mean `{near}`?"), of.span, near)
                        } else {
                            builder
                        };
                        builder.emit();
                    }
                    return false;
                };
                if chain.contains(&target) {
                    self.sink
                        .error(Code::E0107, of.span, "a network that is an instance of itself")
                        .here("leads back to this network")
                        .emit();
                    return false;
                }
                if chain.len() > limits::INSTANCES {
                    self.sink
                        .error(Code::E0315, of.span, "networks are instances of each other too deeply")
                        .here(format!("the {}th instance of another", limits::INSTANCES + 1))
                        .emit();
                    return false;
                }
                chain.push(target);
                let program = self.program;
                let network = program.network(target);
                let inner = self.arguments_of_call(
                    &of.value,
                    *args_span,
                    &network.params,
                    args,
                    &env,
                    target.file,
                    &Flow::Nowhere,
                );
                grow_stack(|| self.network_kind(network, inner, chain))
            }
        }
    }

    fn network_body(&mut self, body: &'a ast::Body, mut env: Environment) -> bool {
        self.inputs =
            body.statements.iter().filter(|one| matches!(one.kind, ast::StmtKind::Input { .. })).count();
        let mut scope = Scope::root();
        let flow = self.body(body, &mut env, &mut scope, Flow::Nothing);
        let node = match flow {
            Flow::Value(current) => current.node,
            Flow::Nothing | Flow::Nowhere => {
                if self.sink.failed().is_none() && !self.program.is_broken() {
                    let at = body.statements.first().map_or(body.span, |statement| statement.span);
                    self.sink
                        .error(Code::E0321, at, "the network computes nothing")
                        .here(if self.inputs == 0 {
                            "no `input` and no value"
                        } else {
                            "several inputs, and none of them is used"
                        })
                        .help("begin with `input HxWxC;`, or with several named inputs and `@name;`")
                        .emit();
                }
                return false;
            }
            Flow::Unknown => return false,
        };
        if self.inputs == 0 {
            return false;
        }
        self.builder.output(Output { name: "out".to_owned(), node, train_only: false });
        for output in std::mem::take(&mut self.aux) {
            self.builder.output(output);
        }
        self.resolve_expectations();
        true
    }

    /// Statements between brackets; constants of the body end with it.
    pub(super) fn body(
        &mut self,
        body: &'a ast::Body,
        env: &mut Environment,
        scope: &mut Scope,
        mut flow: Flow,
    ) -> Flow {
        let mark = env.len();
        for statement in &body.statements {
            flow = grow_stack(|| self.statement(statement, env, scope, flow));
        }
        env.truncate(mark);
        flow
    }

    /// Declares a parameter or constant; it may shadow a file's constant and nothing else.
    pub(super) fn declare(&mut self, name: &ast::Ident, value: Known<Number>, env: &mut Environment) {
        if let Err(first) = env.declare(&name.value, value, name.span) {
            self.sink
                .error(Code::E0104, name.span, format!("`{}` is defined twice", name.value))
                .here("defined again")
                .label(first, "first defined here")
                .help("a constant may shadow a constant of the file and nothing else")
                .emit();
        }
    }

    /// Evaluates the constants and defaults of the root file, for the errors of those that nothing asked for.
    fn check_constants(&mut self) {
        let program = self.program;
        for (item, parsed) in program.sources[0].parsed.tree.items.iter().enumerate() {
            match &parsed.kind {
                ast::ItemKind::Let(one) => {
                    let _ = self.constant(ItemId { file: 0, item }, one.name.span);
                }
                ast::ItemKind::Block(block) => {
                    let mut env = Environment::of_file(0);
                    for param in &block.params {
                        if let Some(default) = &param.default {
                            let _ = self.evaluate(default, &env, &Flow::Nowhere);
                        }
                        let _ = env.declare(&param.name.value, Err(Unknown), param.name.span);
                    }
                }
                _ => {}
            }
        }
    }

    /// Expands what `* 0` left out altogether, for the words and names in it. Values say nothing
    /// here: `[conv 1x1x(h)] * (h)` is right where h is 0.
    fn check_skipped_statements(&mut self) {
        let mut checked = BTreeSet::new();
        while !self.repeated.is_empty() {
            // What one of them leaves out in turn is found while it is expanded.
            for (span, skipped) in std::mem::take(&mut self.repeated) {
                let Some(mut skipped) = skipped.filter(|_| checked.insert(span)) else { continue };
                self.names = Names::default();
                self.origin = skipped.origin;
                let reported = std::mem::take(self.sink);
                let mut scope = Scope::root();
                self.copy(span, skipped.head, None, None, &mut skipped.env, &mut scope, Flow::Unknown);
                let found = std::mem::replace(self.sink, reported).into_sorted();
                let found = found.into_iter().filter(|one| WITHOUT_VALUES.contains(&one.code));
                found.for_each(|one| self.sink.add(one));
            }
        }
        self.origin = Origin::default();
    }

    /// A block with unknown arguments.
    fn uncalled_block(&mut self, block: &'a ast::Block, id: ItemId) {
        let mut env = Environment::of_file(0);
        for param in &block.params {
            self.declare(&param.name, Err(Unknown), &mut env);
        }
        self.names = Names::default();
        self.open_blocks.push(id);
        self.nesting += 1;
        let mut scope = Scope::root();
        self.body(&block.body, &mut env, &mut scope, Flow::Unknown);
        self.nesting -= 1;
        self.open_blocks.pop();
    }
}
