//! The entry points of the expansion: one network, or everything that no network reaches.

use std::collections::BTreeSet;

use crate::base::{Interrupt, SourceMap, Span};
use crate::diag::Sink;
use crate::ir::Graph;
use crate::syntax::ast;

use super::expander::{Expander, Request};
use super::input_size::InputSize;
use super::number::Scalar;
use super::program::Program;
use super::source::ItemId;
use super::steps::Steps;
use super::uses::Uses;

/// The network to expand, and its settings.
#[derive(Clone, Debug, Default)]
pub struct ExpandOptions {
    /// The network, by name; `None` is the only one that needs no arguments.
    pub network: Option<String>,
    /// The values of parameters of the network and of constants, as `--set name=value` gives them.
    pub settings: Vec<(String, Scalar)>,
    /// Replaces the shape of the only input.
    pub input_size: Option<InputSize>,
    /// The steps that other networks of the file have taken before.
    pub steps: Steps,
    /// Expands the network even where arguments are missing: what depends on them is unknown.
    pub partial: bool,
    /// Whether [`Expanded::uses`] is filled. It is large for large texts.
    pub uses: bool,
    /// Ends an expansion whose result is no longer needed.
    pub interrupt: Interrupt,
}

/// The result of an expansion.
#[derive(Debug)]
pub struct Expanded {
    /// The graph, as far as it could be made.
    pub graph: Graph,
    /// Whether the graph is the whole network: no error was reported and no argument is missing. Another graph must not
    /// be computed with.
    pub complete: bool,
    /// The meaning of each word and the shapes at each statement, if [`ExpandOptions::uses`] asks for them.
    pub uses: Uses,
    /// The places of expectations that were not checked, because the network was given other arguments than it is
    /// written for.
    pub unchecked: BTreeSet<Span>,
    /// The settings that neither the network nor a constant uses.
    pub unused_settings: Vec<String>,
    /// The blocks that it called.
    pub called: BTreeSet<ItemId>,
    /// The steps that were taken, those before included.
    pub steps: Steps,
    /// Whether a limit ended the expansion.
    pub exhausted: bool,
}

/// Expands a network of the root file.
pub fn expand(program: &Program, map: &SourceMap, options: &ExpandOptions, sink: &mut Sink) -> Expanded {
    let failed_before = sink.has_failed();
    let mut expander = expander(program, map, options, sink);
    let complete = expander.network(options.network.as_deref());
    if options.partial {
        expander.check_skipped_statements();
    }
    let Expander { draft, sink, uses, coverage, limits, .. } = expander;
    let (unchecked, called) = (draft.unchecked, coverage.blocks);
    let complete = complete && !sink.has_failed() && !failed_before && !program.is_broken();
    let settings = options.settings.iter().map(|(name, _)| name);
    let unused_settings = settings.filter(|name| !is_settable(program, options, name)).cloned().collect();
    let (steps, exhausted) = (limits.steps, limits.exhausted);
    Expanded {
        graph: draft.graph.finish(),
        complete,
        uses,
        unchecked,
        unused_settings,
        called,
        steps,
        exhausted,
    }
}

/// Evaluates the constants and defaults of the root file, and expands the blocks that nothing called, with unknown
/// arguments. This reports their errors; the result says what their words mean.
pub fn check_uncalled_blocks(
    program: &Program,
    map: &SourceMap,
    options: &ExpandOptions,
    called: &BTreeSet<ItemId>,
    sink: &mut Sink,
) -> Uses {
    let mut expander = expander(program, map, options, sink);
    expander.check_constants();
    for (item, parsed) in program.sources[0].parsed.tree.items.iter().enumerate() {
        let id = ItemId { file: 0, item };
        if let ast::ItemKind::Block(block) = &parsed.kind
            && !called.contains(&id)
            && !expander.coverage.blocks.contains(&id)
        {
            expander.uncalled_block(block, id);
        }
    }
    expander.check_skipped_statements();
    expander.uses
}

fn expander<'a>(
    program: &'a Program,
    map: &'a SourceMap,
    options: &ExpandOptions,
    sink: &'a mut Sink,
) -> Expander<'a> {
    Expander::new(request(program, map, options), sink, Uses::new(options.uses), options.steps)
}

/// The names that a setting can have: parameters of the network, and constants of all files.
pub fn settable<'a>(program: &'a Program, options: &ExpandOptions) -> impl Iterator<Item = &'a str> {
    let constants = program.sources.iter().flat_map(|source| source.names.lets.keys());
    let parameters = parameters(program, options).iter().map(|param| param.name.value.as_str());
    parameters.chain(constants.map(String::as_str))
}

fn is_settable(program: &Program, options: &ExpandOptions, name: &str) -> bool {
    parameters(program, options).iter().any(|param| param.name.value == name)
        || program.sources.iter().any(|source| source.names.lets.contains_key(name))
}

/// The parameters of the network that is expanded.
fn parameters<'a>(program: &'a Program, options: &ExpandOptions) -> &'a [ast::Param] {
    let network = options.network.as_ref().and_then(|name| program.sources[0].names.networks.get(name));
    network.map_or(&[], |&id| &program.network(id).params)
}

fn request<'a>(program: &'a Program, map: &'a SourceMap, options: &ExpandOptions) -> Request<'a> {
    let own = parameters(program, options);
    let sets_own = options.settings.iter().any(|(name, _)| own.iter().any(|param| param.name.value == *name));
    Request {
        program,
        map,
        settings: options.settings.iter().cloned().collect(),
        input_size: options.input_size,
        differs: sets_own || options.input_size.is_some(),
        interrupt: options.interrupt.clone(),
    }
}
