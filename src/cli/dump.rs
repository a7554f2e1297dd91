//! `cnnc dump`: a stage of the compilation as stable text.

use crate::analysis::Checked;
use crate::driver::Session;
use crate::lower::{KernelPolicy, PlanOptions, lower};

use super::precision::Asked;
use super::source::{self, Source};
use super::{CliResult, machine, output};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc dump examples/digits/lenet5.cnn --after expand\n  cnnc dump examples/digits/lenet5.cnn --after parse"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The stage
    #[arg(long, value_enum, value_name = "STAGE")]
    after: Stage,
    /// The precision of products, for the plan
    #[arg(long, value_enum, default_value_t, value_name = "PRECISION")]
    precision: Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// The syntax tree of the file
    Parse,
    /// The graph: blocks, repetition and branches expanded, shapes inferred
    Expand,
    /// The graph with its figures
    Check,
    /// The plan: steps, kernels and memory
    Lower,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    if arguments.after == Stage::Parse {
        let opened = source::open(arguments.source.file.as_deref(), arguments.source.text.as_deref())?;
        let mut printed = Ok(());
        opened.session.dump_syntax(&mut |lines| {
            if printed.is_ok() {
                printed = output::print_text(lines);
            }
        });
        return printed;
    }
    arguments.source.compile(|session, checked| dump(arguments, session, checked))
}

fn dump(arguments: &Arguments, session: &Session, checked: &Checked) -> CliResult {
    match arguments.after {
        Stage::Check => {
            let report = crate::report::Report::of(
                checked,
                session.sources(),
                crate::report::ReportSettings::default(),
            );
            let selection = crate::report::Selection {
                exact: true,
                columns: crate::report::Column::all(),
                ..Default::default()
            };
            output::print_text(&crate::report::table(&report, &selection, usize::MAX))
        }
        Stage::Lower => {
            let outputs = checked.graph().outputs().iter().filter(|output| !output.train_only);
            let outputs = outputs.map(|output| (output.name.clone(), output.node)).collect();
            let (policy, precision) = (KernelPolicy::Fastest, arguments.precision.into());
            let matrix_unit = machine::isa()?.has_matrix_unit();
            let options = PlanOptions { batch: 1, policy, precision, matrix_unit, outputs };
            output::print_text(&lower(checked.graph(), &options).to_string())
        }
        _ => output::print_text(&checked.graph().to_string()),
    }
}
