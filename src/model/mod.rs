//! A network with its weights, ready to run on values: pictures and arrays go in, arrays come out.
//!
//! A network is planned first. The plan knows how much memory a run takes, before anything is allocated; loading
//! weights makes it a [`Model`]. Nothing here opens a file.
//!
//! ```
//! use cnnc::driver::{Options, Session};
//! use cnnc::model::{Model, ModelSettings, Weights};
//!
//! let text = b"input 4x4x1; conv 3x3x2 same; avgpool global; flatten; softmax".to_vec();
//! let session = Session::load(&(), "net.cnn", text, "net");
//! let network = session.compile(&Options::default())?.checked.expect("no error was found");
//!
//! let planned = Model::plan(&network, ModelSettings { threads: 1, ..ModelSettings::default() })?;
//! assert!(planned.memory() < 1 << 20);
//! let mut model = planned.load(Weights::seeded(1))?;
//! let picture = ndarray::ArrayD::zeros(vec![1, 1, 4, 4]);
//! let outputs = model.run(&[("input", &picture)])?;
//! assert_eq!(outputs[0].values.shape(), [1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod inputs;
mod labels;
mod outputs;
mod weights;

use std::fmt;

use ndarray::{ArrayD, Axis, IxDyn, Slice};

use crate::analysis::Checked;
use crate::base::did_you_mean;
use crate::diag::Failure;
use crate::exec::{Executor, InputError, Isa};
use crate::ir::NodeId;
use crate::lower::{self, KernelPolicy, Plan, Precision, lower};
use crate::tensor::Shape;

pub use crate::weights::binding::{Misfit, NameMatching};
pub use inputs::{ArrayOrder, ModelInput, PendingArray};
pub use labels::Labels;
pub use outputs::{OutputValues, Ranked};
pub use weights::{ReadSeek, TensorMatching, Weights};

/// The settings with which a network is run.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// The number of pictures that are computed at once, at least 1. A larger batch takes more memory, and less time
    /// for each picture.
    pub batch: usize,
    /// Threads, at least 1. Results do not depend on their number.
    pub threads: usize,
    /// The instructions of the kernels; those that the machine lacks are not taken.
    pub isa: Isa,
    /// The kernels that may be selected.
    pub policy: KernelPolicy,
    /// The precision of products.
    pub precision: Precision,
    /// Values that are given out besides the outputs of the network, by the name of a row or by `as` name.
    pub also: Vec<String>,
}

impl Default for ModelSettings {
    /// One picture at once, a thread for each processor, the fastest kernels of the highest precision, the outputs of the
    /// network.
    fn default() -> ModelSettings {
        ModelSettings {
            batch: 1,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            isa: Isa::best(),
            policy: KernelPolicy::default(),
            precision: Precision::default(),
            also: Vec::new(),
        }
    }
}

/// A value that a run was asked for and that the network does not have, or that serves training only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// The name.
    pub name: String,
    /// A name of the network that is near to it.
    pub near: Option<String>,
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no value `{}`", self.name)
    }
}

impl std::error::Error for UnknownValue {}

/// A network with a plan, whose memory is known, and without weights.
#[derive(Debug)]
pub struct PlannedModel<'a> {
    network: &'a Checked,
    plan: Plan,
    threads: usize,
    isa: Isa,
    outputs: Vec<ModelOutput>,
}

/// A value that a model gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOutput {
    /// `out`, the name of an `aux`, or the name under which the value was asked for.
    pub name: String,
    /// The shape for one picture.
    pub shape: Shape,
    /// Whether the network gives it out by itself.
    pub of_network: bool,
}

impl PlannedModel<'_> {
    /// The bytes that a run takes: arena, constants, and one batch of inputs and outputs.
    pub fn memory(&self) -> u128 {
        self.plan.bytes(self.threads)
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> Vec<ModelInput> {
        ModelInput::all(self.network)
    }

    /// Reads the weights and makes them ready for the kernels.
    ///
    /// # Errors
    ///
    /// Failures of reading the weights; E0607 if memory or threads are refused.
    pub fn load(self, mut weights: Weights) -> Result<Model, Failure> {
        let graph = self.network.graph();
        let constant = |recipe: &lower::ConstantExpr| weights.constant(graph, recipe);
        let executor = Executor::load_for(self.isa, self.plan, self.threads, constant)?;
        let inputs = ModelInput::all(self.network);
        Ok(Model { executor, inputs, outputs: self.outputs })
    }
}

/// A network with its weights.
#[derive(Debug)]
pub struct Model {
    executor: Executor,
    inputs: Vec<ModelInput>,
    outputs: Vec<ModelOutput>,
}

impl Model {
    /// Plans how a network is run.
    ///
    /// # Errors
    ///
    /// A value of [`ModelSettings::also`] that the network does not have.
    pub fn plan(network: &Checked, settings: ModelSettings) -> Result<PlannedModel<'_>, UnknownValue> {
        let graph = network.graph();
        let (batch, threads) = (settings.batch.max(1), settings.threads.max(1));
        let kept = kept_values(network, &settings.also)?;
        let own = network.graph().outputs().iter().filter(|output| !output.train_only).count();
        let outputs = kept.iter().enumerate().map(|(index, (name, node))| ModelOutput {
            name: name.clone(),
            shape: graph.node(*node).shape,
            of_network: index < own,
        });
        let outputs = outputs.collect();
        let (policy, precision) = (settings.policy, settings.precision);
        let matrix_unit = settings.isa.available().has_matrix_unit();
        let lowering = lower::PlanOptions { batch, policy, precision, matrix_unit, outputs: kept };
        let plan = lower(graph, &lowering);
        Ok(PlannedModel { network, plan, threads, isa: settings.isa, outputs })
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[ModelInput] {
        &self.inputs
    }

    /// The outputs that [`Model::run`] gives: those of the network in order, then the values that were asked for.
    pub fn outputs(&self) -> &[ModelOutput] {
        &self.outputs
    }

    /// Runs pictures through the network, a batch at a time. `inputs` holds an array for each input, by name: as
    /// many pictures as there are, then C×H×W or n. [`ModelInput`] makes such arrays of pictures and files.
    ///
    /// # Errors
    ///
    /// An input that is missing, unknown, given twice, or of another shape or number of pictures. Then nothing
    /// was computed.
    pub fn run(&mut self, inputs: &[(&str, &ArrayD<f32>)]) -> Result<Vec<OutputValues>, InputError> {
        self.run_with(inputs, |_| {})
    }

    /// As [`Model::run`]; tells `progress` how many pictures are done after each batch.
    ///
    /// # Errors
    ///
    /// As [`Model::run`].
    pub fn run_with(
        &mut self,
        inputs: &[(&str, &ArrayD<f32>)],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<OutputValues>, InputError> {
        let pictures = self.check(inputs)?;
        let batch = self.executor.plan().batch;
        let results = self.outputs.iter().map(|output| {
            let stored = output.shape.stored().into_iter().map(|dim| dim as usize);
            let shape: Vec<usize> = [pictures].into_iter().chain(stored).collect();
            OutputValues {
                name: output.name.clone(),
                shape: output.shape,
                values: ArrayD::zeros(IxDyn(&shape)),
            }
        });
        let mut results: Vec<OutputValues> = results.collect();
        for first in (0..pictures).step_by(batch) {
            let count = batch.min(pictures - first);
            let arrays: Vec<(&str, ArrayD<f32>)> =
                inputs.iter().map(|(name, array)| (*name, padded(array, first, count, batch))).collect();
            let arrays: Vec<(&str, &ArrayD<f32>)> =
                arrays.iter().map(|(name, array)| (*name, array)).collect();
            let computed = self.executor.run(&arrays)?;
            for (result, values) in results.iter_mut().zip(computed) {
                let mut place = result.values.slice_axis_mut(Axis(0), Slice::from(first..first + count));
                place.assign(&values.slice_axis(Axis(0), Slice::from(..count)));
            }
            progress(first + count);
        }
        Ok(results)
    }

    /// The number of pictures, which is the same for all inputs.
    fn check(&self, inputs: &[(&str, &ArrayD<f32>)]) -> Result<usize, InputError> {
        let pictures = inputs.first().and_then(|(_, array)| array.shape().first().copied()).unwrap_or(0);
        for (name, array) in inputs {
            let Some(input) = self.inputs.iter().find(|input| input.name == *name) else {
                let known = self.inputs.iter().map(|input| input.name.clone()).collect();
                return Err(InputError::Unknown { name: (*name).to_owned(), known });
            };
            let stored = input.shape.stored().into_iter().map(|dim| dim as usize);
            let expected: Vec<usize> = [pictures].into_iter().chain(stored).collect();
            if array.shape() != expected {
                let found = array.shape().to_vec();
                return Err(InputError::Shape { name: (*name).to_owned(), expected, found });
            }
        }
        match self.inputs.iter().find(|input| inputs.iter().all(|(name, _)| *name != input.name)) {
            Some(missing) => Err(InputError::Missing { name: missing.name.clone() }),
            None => Ok(pictures),
        }
    }
}

/// The pictures `first..first + count`, and zeros up to a whole batch.
fn padded(array: &ArrayD<f32>, first: usize, count: usize, batch: usize) -> ArrayD<f32> {
    let pictures = array.slice_axis(Axis(0), Slice::from(first..first + count));
    if count == batch {
        return pictures.to_owned();
    }
    let mut shape = array.shape().to_vec();
    shape[0] = batch;
    let mut padded = ArrayD::zeros(IxDyn(&shape));
    padded.slice_axis_mut(Axis(0), Slice::from(..count)).assign(&pictures);
    padded
}

/// The outputs of the network, then the further values.
fn kept_values(network: &Checked, also: &[String]) -> Result<Vec<(String, NodeId)>, UnknownValue> {
    let graph = network.graph();
    let outputs = graph.outputs().iter().filter(|output| !output.train_only);
    let mut kept: Vec<(String, NodeId)> = outputs.map(|output| (output.name.clone(), output.node)).collect();
    for name in also {
        let part = graph.value(name).filter(|&id| !graph.node(id).train_only);
        // A part may be called `out` as the output is; the name means the part.
        if kept.iter().any(|(known, node)| known == name && part.is_none_or(|part| part == *node)) {
            continue;
        }
        let node = part.ok_or_else(|| {
            let rows = graph.nodes().map(|(_, node)| node.path.as_str());
            let known = rows.chain(graph.values().keys().map(String::as_str));
            UnknownValue { name: name.clone(), near: did_you_mean(name, known).map(str::to_owned) }
        })?;
        kept.push((name.clone(), node));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Options, Session};

    fn network(text: &str) -> Checked {
        let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
        session.compile(&Options::default()).unwrap().checked.unwrap()
    }

    fn model(network: &Checked, batch: usize, also: &[&str]) -> Model {
        let also = also.iter().map(|&name| name.to_owned()).collect();
        let settings = ModelSettings { batch, threads: 1, also, ..ModelSettings::default() };
        Model::plan(network, settings).unwrap().load(Weights::seeded(3)).unwrap()
    }

    fn pictures(count: usize) -> ArrayD<f32> {
        let mut next = 0.0;
        ArrayD::from_shape_simple_fn(IxDyn(&[count, 2, 3, 3]), || {
            next += 1.0;
            next
        })
    }

    #[test]
    fn results_do_not_depend_on_the_size_of_a_batch() {
        let network = network("input 3x3x2; conv 3x3x4 same relu as c; flatten; dense 5");
        let inputs = pictures(5);
        let run = |batch| model(&network, batch, &["c"]).run(&[("input", &inputs)]).unwrap();
        let (one, two) = (run(1), run(2));
        assert_eq!(one, two);
        assert_eq!((one[0].name.as_str(), one[0].values.shape()), ("out", &[5, 5][..]));
        assert_eq!((one[1].name.as_str(), one[1].values.shape()), ("c", &[5, 4, 3, 3][..]));
    }

    #[test]
    fn wrong_inputs_are_refused_and_the_model_goes_on() {
        let network = network("input 3x3x2 as a; input 3x3x2 as b; add < @a | @b >");
        let mut model = model(&network, 1, &[]);
        let (two, three) = (pictures(2), pictures(3));
        assert_eq!(model.run(&[("a", &two)]), Err(InputError::Missing { name: "b".to_owned() }));
        assert!(matches!(model.run(&[("a", &two), ("b", &three)]), Err(InputError::Shape { .. })));
        assert!(matches!(model.run(&[("a", &two), ("c", &two)]), Err(InputError::Unknown { .. })));
        let outputs = model.run(&[("b", &two), ("a", &two)]).unwrap();
        assert_eq!(outputs[0].values, &two + &two);
    }

    #[test]
    fn an_unknown_value_gets_a_suggestion() {
        let network = network("input 3x3x2; conv 3x3x4 as first; relu");
        let settings = ModelSettings { also: vec!["fist".to_owned()], ..ModelSettings::default() };
        let error = Model::plan(&network, settings).unwrap_err();
        assert_eq!(error.near.as_deref(), Some("first"));
    }
}
