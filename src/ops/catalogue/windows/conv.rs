//! `conv`: two-dimensional convolution (cross-correlation, as in every framework), with groups, dilation and
//! LeCun's connection tables.

use std::sync::Arc;

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::diag::Code;
use crate::tensor::Shape;

use super::sliding::{DILATE, GROUPS, PAD, SAME, Sliding, VALID, check_groups, padding};
use crate::ops::catalogue::bias::{BIAS, NOBIAS, bias};
use crate::ops::input::map_of;
use crate::ops::{
    Attribute, Bound, ConnectionTable, Cost, Default, Geometry, Kind, Number, Op, OpError, Operator,
    Parameter, Product, Reuse, Sizes, Spec,
};

/// How `conv` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "conv",
    trailing: false,
    summary: "Convolution: each filter slides over the map and sums products over its window and all channels of its group.",
    example: "input 32x32x3;\nconv 5x5x16 same relu -> 32x32x16;\n",
    sizes: Sizes::KernelFilters,
    value: None,
    flags: &[SAME, VALID, BIAS, NOBIAS],
    attributes: &[
        PAD,
        DILATE,
        GROUPS,
        Attribute {
            name: "table",
            kind: Kind::Table,
            default: Default::Absent,
            doc: "connection table: which input maps feed which output map",
        },
    ],
    cost: "macs = out_h·out_w·filters × k_h·k_w·in_c/groups (with a table: out_h·out_w × k_h·k_w·kernels); one addition for each output with a bias",
    onnx: "Conv",
    torch: "nn.Conv2d",
    construct: |bound| Conv::new(bound).map(Op::Conv),
};

/// A convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Kernel, stride, dilation, padding.
    pub sliding: Sliding,
    /// Output channels.
    pub filters: u64,
    /// Groups of channels.
    pub groups: u64,
    /// Whether a bias is added.
    pub bias: bool,
    /// Which input maps feed which output map; `None` means all of the group.
    pub table: Option<Arc<ConnectionTable>>,
}

impl Conv {
    fn new(bound: &Bound) -> Result<Conv, OpError> {
        let [kernel_height, kernel_width, filters] = *bound.dims() else {
            return Err(OpError::new(Code::E0203, "`conv` needs a size"));
        };
        let table = bound.table("table").cloned();
        let groups = bound.count("groups").unwrap_or(1);
        if table.is_some() && bound.span("groups").is_some() {
            return Err(OpError::new(Code::E0206, "`table=` and `groups=` exclude each other")
                .at("groups")
                .here("decide for one"));
        }
        let sliding = Sliding {
            kernel: (kernel_height, kernel_width),
            stride: bound.stride_or((1, 1)),
            dilation: bound.pair("dilate").unwrap_or((1, 1)),
            padding: padding(bound)?,
            ceil: false,
        };
        Ok(Conv { sliding, filters, groups, bias: bias(bound)?, table })
    }

    /// Kernels over a single input map that feed one output map, times the output maps of a group.
    fn kernels_per_position(&self, channels: u64) -> u64 {
        match &self.table {
            Some(table) => table.kernels(),
            None => channels / self.groups,
        }
    }
}

impl Operator for Conv {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("conv", inputs[0])?;
        if let Some(table) = &self.table {
            if table.inputs != channels || table.rows.len() as u64 != self.filters {
                return Err(OpError::new(Code::E0310, "the connection table is for other channels")
                    .at("table")
                    .here(format!("connects {} maps to {}", table.inputs, table.rows.len()))
                    .note(format!("{channels} channels arrive and {} filters are asked for", self.filters)));
            }
        } else {
            check_groups(channels, self.filters, self.groups)?;
        }
        let (height, width) = self.sliding.output(inputs[0])?;
        Ok(Shape::map(height, width, self.filters))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let (height, width) = self.sliding.kernel;
        let channels = inputs[0].channels();
        let (outer, inner, fan_in) = match &self.table {
            Some(table) => (table.kernels(), 1, height.saturating_mul(width)),
            None => {
                let inner = channels / self.groups;
                (self.filters, inner, inner.saturating_mul(height).saturating_mul(width))
            }
        };
        let mut parameters = vec![Parameter::weight(&[outer, inner, height, width], fan_in)];
        if self.bias {
            parameters.push(Parameter::bias(self.filters, fan_in));
        }
        parameters
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (out_height, out_width) = output.extent();
        let (kernel_height, kernel_width) = self.sliding.kernel;
        let (rows, columns) = self.sliding.windows(inputs[0].extent());
        let (height, width) = inputs[0].extent();
        let kernels = self.kernels_per_position(inputs[0].channels());
        let each = [kernel_height, kernel_width, kernels];
        let (macs, pairs) = match self.table {
            Some(_) => (Product::new(&[out_height, out_width], &each), u128::from(kernels)),
            None => (
                Product::new(&[out_height, out_width, self.filters], &each),
                u128::from(kernels) * u128::from(self.filters),
            ),
        };
        let outputs = u128::from(output.elements());
        let bias = if self.bias { outputs } else { 0 };
        Cost {
            macs_useful: rows.useful_taps(height, out_height) * columns.useful_taps(width, out_width) * pairs,
            add: bias,
            connections: macs.value() + bias,
            macs,
            ..Cost::default()
        }
    }

    fn geometry(&self, input: Shape) -> Geometry {
        Geometry::sliding(self.sliding.windows(input.extent()))
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let (input, weight) = (&inputs[0], &parameters[0]);
        let (channels, height, width) = (input.shape()[0], input.shape()[1] as u64, input.shape()[2] as u64);
        let (rows, columns) = self.sliding.windows((height, width));
        let per_group = channels / self.groups as usize;
        let filters_per_group = self.filters as usize / self.groups as usize;
        // The first kernel of a filter, and the input map of each of its kernels.
        let mut first_kernel = 0;
        for filter in 0..self.filters as usize {
            let sources: Vec<usize> = match &self.table {
                Some(table) => table.rows[filter].iter().map(|&map| map as usize).collect(),
                None => {
                    let first = filter / filters_per_group * per_group;
                    (first..first + per_group).collect()
                }
            };
            for y in 0..output.shape()[1] {
                for x in 0..output.shape()[2] {
                    let mut sum = N::from_f64(0.0);
                    for (kernel, &source) in sources.iter().enumerate() {
                        let (outer, inner) =
                            if self.table.is_some() { (first_kernel + kernel, 0) } else { (filter, kernel) };
                        for ky in rows.taps_inside(y as u64, height) {
                            for kx in columns.taps_inside(x as u64, width) {
                                let (iy, ix) = (
                                    rows.position(y as u64, ky) as usize,
                                    columns.position(x as u64, kx) as usize,
                                );
                                let tap = weight[IxDyn(&[outer, inner, ky as usize, kx as usize])];
                                sum = sum.mac(input[IxDyn(&[source, iy, ix])], tap);
                            }
                        }
                    }
                    if self.bias {
                        sum = sum + parameters[1][IxDyn(&[filter])];
                    }
                    output[IxDyn(&[filter, y, x])] = sum;
                }
            }
            first_kernel += sources.len();
        }
    }
}
