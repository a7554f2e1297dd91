//! Selects the kernel of an operator, and the memory formats that it reads and writes.
//!
//! The reference kernel is the default: an operator that is not named here runs as it is defined, in the stored
//! order. To make one faster, add an arm to [`fast`].

use crate::ops::{Add, Border, Joined, Op, Source};
use crate::tensor::{Interpolation, Shape, Window};

use super::choose::{self, Maps};
use super::layout::{LANES, MemoryFormat};
use super::plan::{
    Algorithm, ChannelNorm, ChannelReduction, Combination, Convolution, Kernel, Resample,
    TransposedConvolution,
};
use super::rearrangement::Rearrangement;
use super::transposed::has_phases;
use super::{KernelPolicy, PlanOptions};

/// The properties of an operator's operands that decide which kernel is selected.
pub(super) struct Operands<'a> {
    /// The shape of each operand.
    pub shapes: &'a [Shape],
    /// The format in which each operand is computed.
    pub formats: &'a [MemoryFormat],
    /// The shape of the result.
    pub output: Shape,
}

/// A kernel with the format of each operand and of the result.
pub(super) struct Selection {
    pub kernel: Kernel,
    pub operands: Vec<MemoryFormat>,
    pub output: MemoryFormat,
}

/// The kernel that runs an operator.
pub(super) fn select(op: &Op, operands: &Operands<'_>, options: &PlanOptions) -> Selection {
    let fast = if options.policy == KernelPolicy::Reference { None } else { fast(op, operands, options) };
    fast.unwrap_or_else(|| {
        Selection::uniform(Kernel::Reference(op.clone()), MemoryFormat::Nchw, operands.shapes.len())
    })
}

/// The fast kernel of an operator, where there is one.
fn fast(op: &Op, operands: &Operands<'_>, options: &PlanOptions) -> Option<Selection> {
    let inputs = operands.shapes;
    let all = |kernel: Kernel, format: MemoryFormat| Some(Selection::uniform(kernel, format, inputs.len()));
    let common = operands.common_format();
    match op {
        Op::Conv(conv) if conv.table.is_none() && conv.border == Border::Zeros => {
            let (rows, columns) = conv.sliding.windows(inputs[0].extent());
            Some(operands.convolution((rows, columns), conv.groups, conv.bias, options))
        }
        Op::DwConv(conv) if conv.border == Border::Zeros => {
            let (rows, columns) = conv.sliding.windows(inputs[0].extent());
            if conv.multiplier == 1 {
                all(Kernel::Depthwise { rows, columns, bias: conv.bias }, MemoryFormat::Nchw16c)
            } else {
                Some(operands.convolution((rows, columns), inputs[0].channels(), conv.bias, options))
            }
        }
        Op::Deconv(deconv) => {
            let ((rows, columns), output) = (deconv.windows(), operands.output.extent());
            let (height, width) = inputs[0].extent();
            let is_fast = has_phases(&rows, height, output.0) && has_phases(&columns, width, output.1);
            let groups = deconv.groups as usize;
            let kernel =
                Kernel::TransposedConv(TransposedConvolution { rows, columns, groups, bias: deconv.bias });
            is_fast.then(|| operands.convolved(kernel))
        }
        Op::Dense(dense) if !inputs[0].is_map() => {
            let factors = options.precision.of_dense();
            all(Kernel::Dense { bias: dense.bias, factors }, MemoryFormat::Nchw)
        }
        Op::Pool(pool) => all(Kernel::Pool(pool.clone()), MemoryFormat::Nchw16c),
        Op::Lrn(lrn) => all(Kernel::Lrn(lrn.clone()), MemoryFormat::Nchw16c),
        Op::LayerNorm(norm) if inputs[0].is_map() => {
            all(Kernel::ChannelNorm(ChannelNorm::Layer { eps: norm.eps }), MemoryFormat::Nchw16c)
        }
        Op::RmsNorm(norm) if inputs[0].is_map() => {
            all(Kernel::ChannelNorm(ChannelNorm::RootMeanSquare { eps: norm.eps }), MemoryFormat::Nchw16c)
        }
        Op::L2Norm(norm) if inputs[0].is_map() => {
            all(Kernel::ChannelNorm(ChannelNorm::Euclidean { eps: norm.eps }), MemoryFormat::Nchw16c)
        }
        Op::GroupNorm(norm) if inputs[0].is_map() => {
            all(Kernel::GroupNorm { groups: norm.groups as usize, eps: norm.eps }, MemoryFormat::Nchw16c)
        }
        Op::InstanceNorm(norm) => {
            let groups = inputs[0].channels() as usize;
            all(Kernel::GroupNorm { groups, eps: norm.eps }, MemoryFormat::Nchw16c)
        }
        Op::OverChannels(over) if inputs[0].is_map() => {
            let reduction = if over.greatest { ChannelReduction::Greatest } else { ChannelReduction::Mean };
            Some(Selection {
                kernel: Kernel::ChannelReduction(reduction),
                operands: vec![MemoryFormat::Nchw16c],
                output: MemoryFormat::Nchw,
            })
        }
        Op::Scale(_) => all(Kernel::Affine, common),
        Op::BatchNorm(_) => all(Kernel::Affine, common),
        Op::Add(Add { scale: None, zeropad: None }) => all(Kernel::Add, common),
        Op::Pad(pad) => operands.moved(Rearrangement::of(pad, inputs[0], operands.output)),
        Op::Crop(crop) => operands.moved(Rearrangement::of(crop, inputs[0], operands.output)),
        Op::Shuffle(shuffle) => operands.moved(Rearrangement::of(shuffle, inputs[0], operands.output)),
        Op::PixelShuffle(shuffle) => operands.moved(Rearrangement::of(shuffle, inputs[0], operands.output)),
        Op::Slice(slice) if inputs[0].is_map() => {
            let source = |[channel, row, column]: [u64; 3]| Source::At([channel + slice.first, row, column]);
            operands.moved(Rearrangement::new(operands.output, (0, 0), 1, source))
        }
        Op::Upsample(upsample) if upsample.interpolation == Interpolation::Nearest => {
            let ((height, width), (rows, columns)) = (inputs[0].extent(), operands.output.extent());
            let source = |[channel, row, column]: [u64; 3]| {
                Source::At([channel, row * height / rows, column * width / columns])
            };
            operands.moved(Rearrangement::new(operands.output, (0, 0), 1, source))
        }
        Op::Upsample(upsample) => {
            let (input, output) = (inputs[0].extent(), operands.output.extent());
            let along = |input: u64, output: u64| {
                let of_one = |index| upsample.samples(index, input as usize, output as usize);
                let single = |(pixel, weight)| (pixel, weight as f32);
                (0..output as usize).map(|index| of_one(index).into_iter().map(single).collect()).collect()
            };
            let taps = Resample { rows: along(input.0, output.0), columns: along(input.1, output.1) };
            all(Kernel::Resample(taps), MemoryFormat::Nchw16c)
        }
        Op::Pairwise(pairwise) if common == MemoryFormat::Nchw16c => {
            let combination = match pairwise.joined {
                Joined::Difference => Combination::Difference,
                Joined::Greatest => Combination::Greatest,
                Joined::Least => Combination::Least,
            };
            all(Kernel::Combine(combination), common)
        }
        Op::Mul(_) if common == MemoryFormat::Nchw16c => all(Kernel::Combine(Combination::Product), common),
        Op::Activation(_) => all(Kernel::Copy, common),
        Op::Concat(_) => {
            let channels = first_channels(inputs);
            let is_aligned = channels.iter().all(|first| first % LANES == 0);
            all(Kernel::Concat { channels }, if is_aligned { common } else { MemoryFormat::Nchw })
        }
        _ => None,
    }
}

impl Selection {
    /// A kernel that reads and writes one format.
    fn uniform(kernel: Kernel, format: MemoryFormat, operands: usize) -> Selection {
        Selection { kernel, operands: vec![format; operands], output: format }
    }
}

impl Operands<'_> {
    /// The format of a kernel that takes any: blocks of channels where an operand already has them.
    fn common_format(&self) -> MemoryFormat {
        let is_blocked = self.formats.contains(&MemoryFormat::Nchw16c) && self.output.is_map();
        if is_blocked { MemoryFormat::Nchw16c } else { MemoryFormat::Nchw }
    }

    /// Moves elements by tables, in the format in which they are.
    fn moved(&self, tables: Option<Rearrangement>) -> Option<Selection> {
        Some(Selection::uniform(Kernel::Rearrange(tables?), self.common_format(), 1))
    }

    /// The format in which a convolution reads: N×H×W×C where a map of few channels, such as a picture, is in the
    /// stored order, because blocks of 16 channels would be mostly empty; else blocks.
    fn convolved_format(&self) -> MemoryFormat {
        let has_few_channels =
            self.formats[0] == MemoryFormat::Nchw && self.shapes[0].channels() < LANES as u64;
        if has_few_channels { MemoryFormat::Nhwc } else { MemoryFormat::Nchw16c }
    }

    /// A convolution of any kind, which writes blocks.
    fn convolved(&self, kernel: Kernel) -> Selection {
        Selection { kernel, operands: vec![self.convolved_format()], output: MemoryFormat::Nchw16c }
    }

    fn convolution(
        &self,
        (rows, columns): (Window, Window),
        groups: u64,
        bias: bool,
        options: &PlanOptions,
    ) -> Selection {
        let mut convolution = Convolution {
            rows,
            columns,
            groups: groups as usize,
            bias,
            addend: false,
            algorithm: Algorithm::Direct,
        };
        let maps = Maps { input: self.shapes[0], format: self.convolved_format(), output: self.output };
        convolution.algorithm = choose::algorithm(&convolution, maps, options);
        self.convolved(Kernel::Conv(convolution))
    }
}

/// The first channel of each part of a concatenation.
fn first_channels(parts: &[Shape]) -> Vec<usize> {
    let mut next = 0;
    parts
        .iter()
        .map(|part| {
            let first = next;
            next += part.channels() as usize;
            first
        })
        .collect()
}
