//! The options that say where the parameters of a run come from.

use clap::Args;

use crate::analysis::Checked;
use crate::base::safe;
use crate::diag::{Code, Failure};
use crate::model::{Misfit, NameMatching, TensorMatching, Weights};

use super::files::{self, Named};
use super::{Stop, import, output};

/// The options that give parameters.
#[derive(Clone, Debug, Args)]
pub(super) struct Parameters {
    /// Weights: a safetensors file or an .npz archive
    #[arg(long, value_name = "FILE")]
    pub weights: Option<String>,
    /// How tensors are matched: by name, or by the order of an .npz archive
    #[arg(long, value_enum, default_value_t, value_name = "HOW", requires = "weights")]
    pub weights_by: By,
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
pub(super) enum By {
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

/// Opens a weights file and matches its tensors with the network; notes go to stderr.
pub(super) fn open(network: &Checked, path: &str, matching: TensorMatching) -> Result<Weights, Stop> {
    let file = files::open(path, Named::ByUser).map_err(|error| {
        Stop::Environment(Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))
    })?;
    let weights = Weights::open(network, std::io::BufReader::new(file), path, matching);
    let weights = weights.map_err(|misfit| Stop::Environment(with_options(misfit)))?;
    weights.notes().iter().for_each(|note| output::error(&format!("note: {}\n", safe::line(note))));
    weights.warnings().iter().for_each(|line| output::error(&format!("warning: {}\n", safe::line(line))));
    Ok(weights)
}

/// Adds to a misfit the options with which the file would fit.
fn with_options(misfit: Misfit) -> Failure {
    let mut failure = misfit.failure;
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
    /// asked for, unless `file` is a model that contains weights.
    pub(super) fn weights(&self, network: &Checked, file: Option<&str>) -> Result<Weights, Stop> {
        match (&self.weights, self.seed) {
            (None, None) if file.is_some_and(import::is_model) => {
                import::own_weights(file.unwrap_or_default())
            }
            (Some(path), seed) => {
                let matching = match self.weights_by {
                    By::Order => TensorMatching::ByOrder,
                    By::Name => {
                        let prefix = self.weights_prefix.clone();
                        let ignore_unused = self.ignore_unused;
                        let matching = NameMatching { prefix, ignore_unused, ..NameMatching::default() };
                        TensorMatching::ByName(matching, seed)
                    }
                };
                open(network, path, matching)
            }
            (None, Some(seed)) if self.random_bn => Ok(Weights::seeded_with_random_norms(seed)),
            (None, Some(seed)) => Ok(Weights::seeded(seed)),
            (None, None) => Weights::none(network).map_err(|failure| {
                Stop::Environment(
                    failure.help("give them with `--weights FILE`, or take seeded ones with `--seed N`"),
                )
            }),
        }
    }
}
