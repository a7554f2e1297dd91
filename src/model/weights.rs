//! Fills the parameters of a model from a weights file or a seed.

use std::io::{Read, Seek};

use ndarray::ArrayD;

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::ir::{Graph, NodeId};
use crate::lower::ConstantExpr;
use crate::ops::Init;
use crate::weights::binding::{self, Binding, Misfit, NameMatching, TensorSource};
use crate::weights::{WeightFile, seeded};

/// A source of bytes from which a weights file is read.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The way in which tensors of a file are matched with parameters of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TensorMatching {
    /// By the path of the row. With a seed, what the file lacks is filled as [`Weights::seeded`] does.
    ByName(NameMatching, Option<u64>),
    /// By the order of an `.npz` archive.
    ByOrder,
}

impl Default for TensorMatching {
    /// By name; every tensor of the file is wanted, and none is missing.
    fn default() -> TensorMatching {
        TensorMatching::ByName(NameMatching::default(), None)
    }
}

/// The values of a network's parameters, read when they are asked for.
pub struct Weights {
    source: Source,
    notes: Vec<String>,
    warnings: Vec<String>,
}

enum Source {
    File { file: WeightFile<Box<dyn ReadSeek>>, binding: Binding, fill: Option<u64> },
    Seed { seed: u64, random_norms: bool },
    Keys(Box<ValuesByKey>),
}

/// The value of a parameter by its key.
type ValuesByKey = dyn FnMut(&str) -> Result<ArrayD<f32>, Failure>;

impl std::fmt::Debug for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Weights").field("notes", &self.notes).finish_non_exhaustive()
    }
}

impl Weights {
    /// Opens a safetensors file or an `.npz` archive, which messages call `name`, and matches its tensors with the
    /// parameters of a network.
    ///
    /// # Errors
    ///
    /// E0601 where tensors are missing, unexpected or misshapen; E0602, E0603 and E0609 where the file is
    /// damaged, has types that are not supported, or cannot be read.
    pub fn open(
        network: &Checked,
        reader: impl Read + Seek + 'static,
        name: &str,
        matching: TensorMatching,
    ) -> Result<Weights, Misfit> {
        let file = WeightFile::open(Box::new(reader) as Box<dyn ReadSeek>, name)?;
        let (binding, fill) = match matching {
            TensorMatching::ByName(matching, seed) => {
                let matching = NameMatching { fill_missing: seed.is_some(), ..matching };
                (binding::by_name(network.graph(), &file, name, &matching)?, seed)
            }
            TensorMatching::ByOrder => (binding::by_order(network.graph(), &file, name)?, None),
        };
        let (notes, warnings) = (binding.notes.clone(), binding.warnings.clone());
        Ok(Weights { source: Source::File { file, binding, fill }, notes, warnings })
    }

    /// Values that follow from a seed, as He's initialisation has them; statistics of batch normalisations are
    /// neutral.
    pub fn seeded(seed: u64) -> Weights {
        Weights {
            source: Source::Seed { seed, random_norms: false },
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// As [`Weights::seeded`], with random statistics of batch normalisations.
    pub fn seeded_with_random_norms(seed: u64) -> Weights {
        Weights { source: Source::Seed { seed, random_norms: true }, notes: Vec::new(), warnings: Vec::new() }
    }

    /// Values that a caller supplies by the keys of the network, in the shapes that it declares.
    pub fn by_key(values: impl FnMut(&str) -> Result<ArrayD<f32>, Failure> + 'static) -> Weights {
        Weights { source: Source::Keys(Box::new(values)), notes: Vec::new(), warnings: Vec::new() }
    }

    /// The weights of a network that has no parameters.
    ///
    /// # Errors
    ///
    /// E0610 where it has some.
    pub fn none(network: &Checked) -> Result<Weights, Failure> {
        let graph = network.graph();
        let needs = graph.nodes().any(|(_, node)| {
            node.parameters.iter().any(|parameter| parameter.init != Init::DigitCodes) && !node.train_only
        });
        if needs {
            let message = format!("the network `{}` has parameters and needs weights", graph.name());
            return Err(Failure::new(Code::E0610, message));
        }
        Ok(Weights::seeded(0))
    }

    /// Facts about a file that are worth knowing and no mistakes, one line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Deviations of a file that were accepted and change results, one line each: parameters that the seed fills.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The value of a node's parameter, by its position in the node's list, in the shape that the network declares.
    ///
    /// # Errors
    ///
    /// E0601 where there is none, E0602 and E0609 where the file is damaged or cannot be read.
    pub fn parameter(&mut self, graph: &Graph, (id, index): (NodeId, usize)) -> Result<ArrayD<f32>, Failure> {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        let key = format!("{}.{}", node.path, parameter.key);
        match &mut self.source {
            Source::Keys(values) => values(&key),
            Source::Seed { seed, random_norms } => {
                Ok(seeded::fill(*seed, &key, &parameter.init, *random_norms, &shape))
            }
            Source::File { file, binding, fill } => match (binding.source(id, index), *fill) {
                (TensorSource::Tensor(entry), _) => file.read(entry),
                (TensorSource::Missing, Some(seed)) => {
                    Ok(seeded::fill(seed, &key, &parameter.init, false, &shape))
                }
                (TensorSource::BuiltIn, _) => Ok(seeded::fill(0, &key, &Init::DigitCodes, false, &shape)),
                (TensorSource::Absent | TensorSource::Missing, _) => {
                    Err(Failure::new(Code::E0601, format!("the weights have no `{key}`")))
                }
            },
        }
    }

    /// The value of a constant of a plan of the network.
    pub(crate) fn constant(
        &mut self,
        graph: &Graph,
        constant: &ConstantExpr,
    ) -> Result<ArrayD<f32>, Failure> {
        let tensors = constant.reads().into_iter().map(|id| self.parameter(graph, id));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        Ok(constant.evaluate(tensors))
    }
}
