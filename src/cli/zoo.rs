//! `cnnc zoo`: lists the shipped networks, or prints the source of one.

use serde::Serialize;

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::driver::{Options, Session};
use crate::report::numbers::{Figures, count};
use crate::zoo::{self, ZooFile};

use super::output::ListFormat;
use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cnnc zoo\n  cnnc zoo resnet50 > my.cnn")]
pub(super) struct Arguments {
    /// A network, or a file of networks; all of them where none is given
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The form of the list
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", conflicts_with = "name")]
    format: ListFormat,
}

/// The JSON of `cnnc zoo`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ZooReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The networks by year.
    pub networks: Vec<NetworkView>,
}

/// A shipped network.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NetworkView {
    /// Its name; `zoo:NAME` stands for it where a file is wanted.
    pub name: String,
    /// The file of the zoo that holds it, without `.cnn`.
    pub file: String,
    /// The year of the publication.
    pub year: u16,
    /// The shape of its input: height, width, channels.
    pub input: Vec<u64>,
    /// Trainable elements.
    pub params: u128,
    /// Multiply-accumulates for one picture.
    pub macs: u128,
}

/// Finds a network or file of the zoo; an unknown name is a usage failure with a suggestion.
pub(super) fn find(name: &str) -> Result<(&'static ZooFile, Option<&'static str>), CliError> {
    zoo::find(name).ok_or_else(|| {
        let failure = Failure::new(Code::E0106, format!("the zoo has no network `{name}`"))
            .note("`cnnc zoo` lists them");
        CliError::Usage(words::suggest(failure, name, zoo::names()))
    })
}

/// Loads a file of the zoo.
pub(super) fn open(file: &ZooFile) -> Session {
    let path = format!("zoo:{}", file.name);
    Session::load(&(), &path, file.text.as_bytes().to_vec(), file.name)
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    if let Some(name) = &arguments.name {
        let (file, network) = find(name)?;
        // The file holds a whole family. For a member that was named only its own part is printed, so that commands on
        // the printed text need no `--network`.
        return match network.filter(|_| file.networks.len() > 1) {
            Some(network) => output::print(&open(file).excerpt(network)),
            None => output::print(file.text),
        };
    }
    let networks: Vec<NetworkView> = zoo::FILES.iter().flat_map(views).collect();
    match arguments.format {
        ListFormat::Json => output::print(&output::json(&ZooReport { schema_version: 1, networks })?),
        ListFormat::Text => output::print(&list(&networks, output::width())),
    }
}

/// The figures of each network of a file.
fn views(file: &'static ZooFile) -> impl Iterator<Item = NetworkView> {
    let session = open(file);
    file.networks.iter().map(move |&name| {
        let checked = compile(&session, name);
        let totals = checked.totals();
        let input = checked.graph().inputs().next().map(|(_, input)| input.shape.dims());
        NetworkView {
            name: name.to_owned(),
            file: file.name.to_owned(),
            year: file.year,
            input: input.unwrap_or_default(),
            params: totals.elements.params,
            macs: totals.macs,
        }
    })
}

fn compile(session: &Session, name: &str) -> Checked {
    let options = Options { network: Some(name.to_owned()), ..Options::default() };
    let outcome = session.compile(&options).ok();
    outcome.and_then(|outcome| outcome.checked).expect("the tests compile every network of the zoo")
}

/// A table with exact figures.
/// A line for each network. The figures are rounded where the exact ones make lines wider than `width`.
fn list(networks: &[NetworkView], width: usize) -> String {
    let exact = lines(networks, Figures::Exact);
    let fits = exact.lines().all(|line| line.chars().count() <= width);
    if fits { exact } else { lines(networks, Figures::Rounded) }
}

fn lines(networks: &[NetworkView], figures: Figures) -> String {
    let heading = ["name", "year", "input", "params", "macs"].map(str::to_owned);
    let rows: Vec<[String; 5]> = networks
        .iter()
        .map(|network| {
            let input: Vec<String> = network.input.iter().map(u64::to_string).collect();
            [
                network.name.clone(),
                network.year.to_string(),
                input.join("x"),
                count(network.params, figures),
                count(network.macs, figures),
            ]
        })
        .collect();
    let width = |column: usize| {
        let cells = [&heading].into_iter().chain(&rows);
        cells.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    [&heading]
        .into_iter()
        .chain(&rows)
        .map(|[name, year, input, params, macs]| {
            let [w0, w1, w2, w3, w4] = widths;
            format!("{name:<w0$}  {year:<w1$}  {input:<w2$}  {params:>w3$}  {macs:>w4$}\n")
        })
        .collect()
}
