//! The shared parts of normalisations. A set is the elements that share a mean, variance or norm.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::ops::{Cost, Counted, Geometry, Init, Number, OpError, Parameter, Role};
use crate::tensor::Shape;

/// The set of elements that are normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Together {
    /// The channels at a position, of a vector all elements.
    Channels,
    /// All positions of the channels of a group, of which there are so many.
    Groups(u64),
}

/// The trained parameters of a normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trained {
    /// Nothing.
    Nothing,
    /// A factor for each channel.
    Weight,
    /// A factor and a summand for each channel.
    WeightAndBias,
}

/// A normalisation. [`norm_operator`] makes an operator of it.
pub(crate) trait Norm {
    /// The sets of an input; an error if the input cannot be normalised.
    fn together(&self, input: Shape) -> Result<Together, OpError>;
    /// The trained parameters.
    fn trained(&self) -> Trained;
    /// The operations for a set of `elements` elements, without trained factors and summands.
    fn cost_of_set(&self, elements: u128) -> Cost;
    /// The counts of other tools, as in [`Operator::counted`](crate::ops::Operator::counted).
    fn counted_by_tools(&self, input: Shape) -> Vec<Counted>;
    /// Normalises a set.
    fn normalise<N: Number>(&self, set: &mut [N]);
}

/// The parameters of a normalisation of this many channels.
pub(crate) fn parameters(norm: &impl Norm, input: Shape) -> Vec<Parameter> {
    let one = |key, init| Parameter { key, shape: vec![input.channels()], role: Role::Trainable, init };
    match norm.trained() {
        Trained::Nothing => Vec::new(),
        Trained::Weight => vec![one("weight", Init::NormWeight)],
        Trained::WeightAndBias => vec![one("weight", Init::NormWeight), one("bias", Init::NormBias)],
    }
}

/// The number of sets of an input and the elements of each.
fn sets(norm: &impl Norm, input: Shape) -> (u128, u128) {
    let elements = u128::from(input.elements());
    match norm.together(input) {
        Ok(Together::Groups(groups)) => (u128::from(groups), elements / u128::from(groups)),
        _ => (elements / u128::from(input.channels()), u128::from(input.channels())),
    }
}

/// The operations for one picture.
pub(crate) fn cost(norm: &impl Norm, input: Shape) -> Cost {
    let (count, each) = sets(norm, input);
    let elements = u128::from(input.elements());
    let one = norm.cost_of_set(each);
    let (mul, add) = match norm.trained() {
        Trained::Nothing => (0, 0),
        Trained::Weight => (elements, 0),
        Trained::WeightAndBias => (elements, elements),
    };
    let mut operations = one.operations() * count;
    operations += Cost { add, mul, ..Cost::default() }.operations();
    Cost::of(operations)
}

/// The geometry: each position depends on itself, or on the whole map.
pub(crate) fn geometry(norm: &impl Norm, input: Shape) -> Geometry {
    match norm.together(input) {
        Ok(Together::Channels) if input.is_map() => Geometry::Pointwise,
        _ => Geometry::Whole,
    }
}

/// The definition: normalises each set, then applies the trained factors and summands.
pub(crate) fn reference<N: Number>(
    norm: &impl Norm,
    input: &ArrayViewD<'_, N>,
    parameters: &[ArrayViewD<'_, N>],
    mut output: ArrayViewMutD<'_, N>,
) {
    let dims: Vec<u64> = input.shape().iter().map(|&dim| dim as u64).collect();
    let shape = match dims[..] {
        [channels, height, width] => Shape::map(height, width, channels),
        _ => Shape::Vector(dims[0]),
    };
    let channels = dims[0] as usize;
    let positions = input.len() / channels;
    let values: Vec<N> = input.iter().copied().collect();
    let mut normalised = values.clone();
    match norm.together(shape) {
        Ok(Together::Groups(groups)) => {
            normalised.chunks_exact_mut(values.len() / groups as usize).for_each(|set| norm.normalise(set));
        }
        _ => {
            for position in 0..positions {
                let at = |channel: usize| channel * positions + position;
                let mut set: Vec<N> = (0..channels).map(|channel| values[at(channel)]).collect();
                norm.normalise(&mut set);
                set.iter().enumerate().for_each(|(channel, &x)| normalised[at(channel)] = x);
            }
        }
    }
    for (index, (out, &x)) in output.iter_mut().zip(&normalised).enumerate() {
        let channel = IxDyn(&[index / positions]);
        let scaled = parameters.first().map_or(x, |weight| x * weight[&channel]);
        *out = parameters.get(1).map_or(scaled, |bias| scaled + bias[&channel]);
    }
}

/// The sum; of nothing zero.
pub(crate) fn sum<N: Number>(values: impl Iterator<Item = N>) -> N {
    values.reduce(|sum, x| sum + x).unwrap_or(N::from_f64(0.0))
}

/// Subtracts the mean and divides by the root of the biased variance plus `eps`: per element 4 additions and 2
/// multiplications, less 1 addition; besides 3 divisions and 1 square root.
pub(crate) fn standardise<N: Number>(set: &mut [N], eps: f64) {
    let count = N::from_f64(set.len() as f64);
    let mean = sum(set.iter().copied()) / count;
    let square = |x: N| {
        let centred = x - mean;
        centred * centred
    };
    let variance = sum(set.iter().map(|&x| square(x))) / count;
    let factor = N::from_f64(1.0) / (variance + N::from_f64(eps)).sqrt();
    set.iter_mut().for_each(|x| *x = (*x - mean) * factor);
}

/// The operations of [`standardise`] for `elements` elements.
pub(crate) fn cost_to_standardise(elements: u128) -> Cost {
    Cost { add: 4 * elements - 1, mul: 2 * elements, div: 3, sqrt: 1, ..Cost::default() }
}

/// Makes an operator of a [`Norm`].
macro_rules! norm_operator {
    ($type:ty) => {
        impl $crate::ops::Operator for $type {
            fn infer(
                &self,
                inputs: &[$crate::tensor::Shape],
            ) -> Result<$crate::tensor::Shape, $crate::ops::OpError> {
                self.together(inputs[0])?;
                Ok(inputs[0])
            }

            fn parameters(&self, inputs: &[$crate::tensor::Shape]) -> Vec<$crate::ops::Parameter> {
                family::parameters(self, inputs[0])
            }

            fn cost(
                &self,
                inputs: &[$crate::tensor::Shape],
                _output: $crate::tensor::Shape,
            ) -> $crate::ops::Cost {
                family::cost(self, inputs[0])
            }

            fn counted(
                &self,
                inputs: &[$crate::tensor::Shape],
                _output: $crate::tensor::Shape,
            ) -> Vec<$crate::ops::Counted> {
                self.counted_by_tools(inputs[0])
            }

            fn geometry(
                &self,
                input: $crate::tensor::Shape,
                _output: $crate::tensor::Shape,
            ) -> $crate::ops::Geometry {
                family::geometry(self, input)
            }

            fn reuse(&self) -> $crate::ops::Reuse {
                $crate::ops::Reuse::InPlace
            }

            fn reference<N: $crate::ops::Number>(
                &self,
                $crate::ops::Arrays { inputs, parameters, output }: $crate::ops::Arrays<'_, N>,
            ) {
                family::reference(self, &inputs[0], parameters, output);
            }
        }
    };
}

pub(crate) use norm_operator;
