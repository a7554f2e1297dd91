//! The options that say where the parameters of a run come from.

use std::collections::BTreeSet;

use clap::Args;

use crate::analysis::Checked;
use crate::base::safe;
use crate::diag::{Code, Failure};
use crate::driver::{Options, Scalar, Session};
use crate::model::{Misfit, NameMatching, TensorMatching, Weights};

use super::files::{self, NamedBy};
use super::source::Source;
use super::{CliError, import, output};

/// The most settings that are tried to make a file of weights fit.
const MOST_TRIED: usize = 32;

/// The options that give parameters.
#[derive(Clone, Debug, Args)]
pub(super) struct Parameters {
    /// Weights: a safetensors file or an .npz archive
    #[arg(long, value_name = "FILE")]
    pub weights: Option<String>,
    /// How tensors are matched: by name, or by the order of an .npz archive
    #[arg(long, value_enum, default_value_t, value_name = "HOW", requires = "weights")]
    pub weights_by: MatchBy,
    /// Takes a prefix such as `module.` away from the names of the file
    #[arg(long, value_name = "PREFIX", requires = "weights")]
    pub weights_prefix: Option<String>,
    /// The file may have tensors that the network does not want
    #[arg(long, requires = "weights")]
    pub ignore_unused: bool,
    /// Seeded weights instead of a file, or for what the file lacks
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Random statistics of batch normalisation, with --seed
    #[arg(long, requires = "seed", conflicts_with = "weights")]
    pub random_bn: bool,
}

/// How tensors of a file are matched with parameters of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MatchBy {
    /// By the path of the layer
    #[default]
    Name,
    /// By the order of the archive
    Order,
}

/// The number of `--seed`.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// A network that weights are opened for, and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub session: &'a Session,
    pub source: &'a Source,
    pub network: &'a Checked,
}

/// Opens a weights file and matches its tensors with the network; notes go to stderr.
pub(super) fn open(target: Target<'_>, path: &str, matching: TensorMatching) -> Result<Weights, CliError> {
    let weights = try_open(target.network, path, matching.clone())?.map_err(|misfit| {
        let setting = fitting_setting(target, &misfit, path, &matching);
        CliError::Environment(with_options(misfit, setting))
    })?;
    weights.notes().iter().for_each(|note| output::error(&format!("note: {}\n", safe::line(note))));
    weights.warnings().iter().for_each(|line| output::error(&format!("warning: {}\n", safe::line(line))));
    Ok(weights)
}

/// Opens a weights file; the inner error is that it does not fit.
fn try_open(
    network: &Checked,
    path: &str,
    matching: TensorMatching,
) -> Result<Result<Weights, Misfit>, CliError> {
    let file = files::open(path, NamedBy::User).map_err(|error| {
        CliError::Environment(Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))
    })?;
    Ok(Weights::open(network, std::io::BufReader::new(file), path, matching))
}

/// The value of one parameter of the network with which a file fits whose tensors have other extents, such as
/// `classes=10`.
fn fitting_setting(
    target: Target<'_>,
    misfit: &Misfit,
    path: &str,
    matching: &TensorMatching,
) -> Option<String> {
    let given = target.source.settings.options().ok()?;
    let network = target.network.graph().name();
    let fits = |name: &str, value: u64| {
        let mut options = Options { network: Some(network.to_owned()), ..given.clone() };
        options.settings.retain(|(other, _)| other != name);
        options.settings.push((name.to_owned(), Scalar::parse(&value.to_string())?));
        let checked = target.session.compile(&options).ok()?.checked?;
        try_open(&checked, path, matching.clone()).ok()?.ok()
    };
    let extents: BTreeSet<u64> = misfit.extents.iter().map(|&(_, found)| found).collect();
    let names = target.session.settable(network);
    let tries = names.iter().flat_map(|name| extents.iter().map(move |&extent| (name, extent)));
    let mut tries = tries.take(MOST_TRIED);
    tries
        .find(|(name, extent)| fits(name, *extent).is_some())
        .map(|(name, extent)| format!("{name}={extent}"))
}

/// Adds to a misfit the options with which the file would fit.
fn with_options(misfit: Misfit, setting: Option<String>) -> Failure {
    let mut failure = *misfit.failure;
    if let Some(setting) = setting {
        failure = failure.help(format!("with `--set {setting}` the file fits"));
    }
    if let Some(prefix) = &misfit.prefix {
        failure = failure.help(format!("`--weights-prefix {prefix}` takes it away"));
    }
    if misfit.only_unexpected {
        failure = failure.help("`--ignore-unused` leaves them out");
    }
    if misfit.only_missing {
        failure = failure.help("`--seed N` beside `--weights` fills what is missing");
    }
    failure.help("`cnnc weights FILE` lists the tensors that the network wants")
}

impl Parameters {
    /// Opens and matches the weights file, or makes seeded weights. Fails for a network with parameters if neither is
    /// asked for, unless the file of the network is a model that contains weights.
    pub(super) fn weights(&self, target: Target<'_>) -> Result<Weights, CliError> {
        let (network, file) = (target.network, target.source.file.as_deref());
        match (&self.weights, self.seed) {
            (None, None) if file.is_some_and(import::is_model) => {
                import::own_weights(file.unwrap_or_default())
            }
            (Some(path), seed) => {
                let matching = match self.weights_by {
                    MatchBy::Order => TensorMatching::ByOrder,
                    MatchBy::Name => {
                        let prefix = self.weights_prefix.clone();
                        let ignore_unused = self.ignore_unused;
                        let matching = NameMatching { prefix, ignore_unused, ..NameMatching::default() };
                        TensorMatching::ByName(matching, seed)
                    }
                };
                open(target, path, matching)
            }
            (None, Some(seed)) if self.random_bn => Ok(Weights::seeded_with_random_norms(seed)),
            (None, Some(seed)) => Ok(Weights::seeded(seed)),
            (None, None) => Weights::none(network).map_err(|failure| {
                CliError::Environment(
                    failure.help("give them with `--weights FILE`, or take seeded ones with `--seed N`"),
                )
            }),
        }
    }
}
