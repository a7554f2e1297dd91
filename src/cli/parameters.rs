//! Where the parameters of a run come from: a weights file, a seed, or nowhere.

use std::fs::File;
use std::io::BufReader;

use clap::Args;
use ndarray::ArrayD;

use crate::diag::{Code, Failure};
use crate::ir::{Graph, NodeId};
use crate::lower::Recipe;
use crate::ops::Init;
use crate::weights::binding::{self, Binding, Origin};
use crate::weights::{WeightFile, seeded};

use super::{Stop, output};

/// The options that give parameters.
#[derive(Clone, Debug, Args)]
pub(super) struct Parameters {
    /// Weights: a safetensors file or an .npz archive
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub weights: Option<String>,
    /// How tensors are matched: by name, or by the order of an .npz archive
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub weights_by: By,
    /// Seeded weights instead of a file
    #[arg(long, value_name = "N", value_parser = parse_seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Random statistics of batch normalisation, with --seed
    #[arg(long, requires = "seed")]
    pub random_bn: bool,
}

/// How tensors are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum By {
    /// By the path of the row
    #[default]
    Name,
    /// By the order of the archive
    Order,
}

/// The values of parameters, read when they are asked for.
pub(super) enum Values {
    File { file: WeightFile<BufReader<File>>, binding: Binding },
    Seeded { seed: u64, random_bn: bool },
}

/// The number of `--seed`.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Opens a weights file.
pub(super) fn open_weights(path: &str) -> Result<WeightFile<BufReader<File>>, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(Failure::new(Code::E0609, format!("cannot read `{path}`: it is a folder")));
    }
    WeightFile::open(BufReader::new(file), path)
}

/// Matches an opened file with the network.
pub(super) fn bind(
    graph: &Graph,
    file: &WeightFile<BufReader<File>>,
    by: By,
    path: &str,
) -> Result<Binding, Failure> {
    match by {
        By::Name => binding::by_name(graph, file, path),
        By::Order => binding::by_order(graph, file, path),
    }
}

impl Parameters {
    /// Opens and matches the weights, or takes the seed. A network that has parameters needs one of them.
    pub(super) fn values(&self, graph: &Graph) -> Result<Values, Stop> {
        if let Some(path) = &self.weights {
            let file = open_weights(path).map_err(Stop::Environment)?;
            let binding = bind(graph, &file, self.weights_by, path).map_err(Stop::Environment)?;
            binding.notes.iter().for_each(|note| output::error(&format!("note: {note}\n")));
            return Ok(Values::File { file, binding });
        }
        let needs = graph.nodes().any(|(_, node)| {
            node.parameters.iter().any(|parameter| parameter.init != Init::DigitCodes) && !node.train_only
        });
        if needs && self.seed.is_none() {
            return Err(Stop::Environment(
                Failure::new(
                    Code::E0610,
                    format!("the network `{}` has parameters and needs weights", graph.name()),
                )
                .help("give them with `--weights FILE`, or take seeded ones with `--seed N`"),
            ));
        }
        Ok(Values::Seeded { seed: self.seed.unwrap_or(0), random_bn: self.random_bn })
    }
}

impl Values {
    /// The value of a node's parameter.
    pub(super) fn tensor(
        &mut self,
        graph: &Graph,
        (id, index): (NodeId, usize),
    ) -> Result<ArrayD<f32>, Failure> {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        let key = format!("{}.{}", node.path, parameter.key);
        match self {
            Values::Seeded { seed, random_bn } => {
                Ok(seeded::fill(*seed, &key, &parameter.init, *random_bn, &shape))
            }
            Values::File { file, binding } => match binding.origin(id, index) {
                Origin::Tensor(entry) => file.read(entry),
                Origin::BuiltIn => Ok(seeded::fill(0, &key, &Init::DigitCodes, false, &shape)),
                Origin::Absent => Err(Failure::new(Code::E0601, format!("the weights have no `{key}`"))),
            },
        }
    }

    /// The value of a constant of a plan.
    pub(super) fn constant(&mut self, graph: &Graph, recipe: &Recipe) -> Result<ArrayD<f32>, Failure> {
        let tensors =
            recipe.reads().into_iter().map(|id| self.tensor(graph, id)).collect::<Result<Vec<_>, _>>()?;
        Ok(recipe.evaluate(tensors))
    }
}
