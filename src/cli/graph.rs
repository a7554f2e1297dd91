//! `cnnc graph`: the network as a picture.

use crate::export::{dot, mermaid, svg};

use super::source::Source;
use super::{CliResult, output};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc graph examples/digits/lenet5.cnn --format svg > lenet5.svg\n  cnnc graph examples/digits/lenet5.cnn --format mermaid --depth 1"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The language of the picture
    #[arg(long, value_enum, default_value_t = Format::Dot, value_name = "FORMAT")]
    format: Format,
    /// Folds scopes whose path has N parts; 0 folds nothing
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For Graphviz
    Dot,
    /// For Markdown pages
    Mermaid,
    /// A picture
    Svg,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let draw = match arguments.format {
        Format::Dot => dot,
        Format::Mermaid => mermaid,
        Format::Svg => svg,
    };
    arguments.source.compile(|_, checked| output::print_text(&draw(checked.graph(), arguments.depth)))
}
