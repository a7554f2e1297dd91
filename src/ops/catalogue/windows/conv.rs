//! `conv`: two-dimensional convolution (cross-correlation, as in every framework), with groups, dilation and
//! LeCun's connection tables.

use std::sync::Arc;

use ndarray::IxDyn;

use super::onnx;
use crate::diag::Code;
use crate::ops::onnx::{OnnxBuilder, ToOnnx, WeightLayout};
use crate::ops::torch::{Both, Helper, ToTorch, Torch, uneven_padding};
use crate::tensor::Shape;

use super::sliding::{FILTERS, GROUPS, Sliding, check_groups, convolution, convolution_facets, window};
use crate::ops::border::{BORDER, Border};
use crate::ops::catalogue::weighted::{self, BIAS};
use crate::ops::field::exclusive;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::{
    Arrays, Attribute, Bound, ConnectionTable, Cost, Default, Kind, Number, OpError, Operator, Parameter,
    Product, Sizes, Spec, Written,
};

/// The spec of `conv`.
pub(crate) static SPEC: Spec = Spec {
    name: "conv",
    trailing: false,
    summary: "Convolution: each filter slides over the map and sums products over its window and all channels of its group.",
    example: "input 32x32x3;\nconv 5x5x16 same relu  -> 32x32x16;\n",
    rules: "Takes a map. `groups=` divides the channels that arrive and the filters (E0303); the kernel, spread by `dilate=`, fits into the padded map (E0305). Without a padding `reflect`, `replicate` and `circular` change nothing.",
    cost: "macs = out_h·out_w·filters × k_h·k_w·in_c/groups (with a table: out_h·out_w × k_h·k_w·kernels); one addition for each output with a bias",
    ..Conv::WRITTEN
};

arguments! {
    /// A convolution.
    pub struct Conv {
        /// Kernel, stride, dilation, padding.
        sliding: Sliding = window(Sizes::KernelFilters),
        /// Output channels.
        filters: u64 = FILTERS,
        /// Groups of channels.
        groups: u64 = GROUPS,
        /// The values beyond the edge of the map.
        border: Border = BORDER,
        /// Whether a bias is added.
        bias: bool = BIAS,
        /// For each output map the input maps that feed it; `None` for all maps of the group.
        table: Option<Arc<ConnectionTable>> = Field::optional(&[Attribute {
            name: "table",
            kind: Kind::Table,
            default: Default::Absent,
            doc: "connection table: which input maps feed which output map",
        }]),
    }
}

impl Conv {
    /// The kernels over a single input map at one position: of one output map, or with a table of all output maps.
    fn kernels_per_position(&self, channels: u64) -> u64 {
        match &self.table {
            Some(table) => table.kernels(),
            None => channels / self.groups,
        }
    }
}

/// The class TableConv2d of exported PyTorch files.
static TABLE: Helper = Helper {
    name: "TableConv2d",
    source: r#"class TableConv2d(nn.Module):
    """A convolution whose filters read only the input maps of a connection table."""

    def __init__(
        self,
        rows: list[list[int]],
        kernel_size: tuple[int, int],
        stride: int | tuple[int, int] = 1,
        dilation: int | tuple[int, int] = 1,
        bias: bool = True,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        mode: str = "constant",
    ) -> None:
        super().__init__()
        self.filters = len(rows)
        self.stride = stride
        self.dilation = dilation
        self.pads = pads
        self.mode = mode
        sources = torch.tensor([source for row in rows for source in row])
        targets = torch.tensor([i for i, row in enumerate(rows) for _ in row])
        self.register_buffer("sources", sources, persistent=False)
        self.register_buffer("targets", targets, persistent=False)
        self.weight = nn.Parameter(torch.empty(len(sources), 1, *kernel_size))
        nn.init.kaiming_uniform_(self.weight)
        self.register_parameter(
            "bias", nn.Parameter(torch.zeros(len(rows))) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        kernels = F.conv2d(
            F.pad(x[:, self.sources], self.pads, mode=self.mode),
            self.weight,
            stride=self.stride,
            dilation=self.dilation,
            groups=len(self.weight),
        )
        rows, columns = kernels.size(2), kernels.size(3)
        y = kernels.new_zeros(len(x), self.filters, rows, columns)
        y = y.index_add(1, self.targets, kernels)
        return y if self.bias is None else y + self.bias[:, None, None]"#,
};

impl ToTorch for Conv {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let (sliding, border) = (self.sliding, self.border);
        let windows = sliding.windows(inputs[0].extent());
        if let Some(table) = &self.table {
            let (height, width) = sliding.kernel;
            return Torch::helper(&TABLE)
                .named("rows", table.rows.clone())
                .named("kernel_size", Both(height, width))
                .optional("stride", sliding.stride, 1)
                .optional("dilation", sliding.dilation, 1)
                .optional("bias", self.bias, true)
                .optional("pads", uneven_padding(windows), [0; 4])
                .optional("mode", border.torch(), "constant");
        }
        convolution(inputs[0].channels(), self.filters, &sliding, windows, border, self.groups, self.bias)
    }
}

impl ToOnnx for Conv {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, windows) = onnx::bordered(builder, self.sliding, self.border);
        let weight = match &self.table {
            None => builder.stored(0),
            Some(table) => {
                let (height, width) = self.sliding.kernel;
                let layout = WeightLayout::Connected(table.rows.clone(), table.inputs as usize);
                builder.weight(0, &[self.filters, table.inputs, height, width], layout)
            }
        };
        let value = onnx::convolution(builder, "Conv", input, weight, onnx::attributes(windows), self.groups);
        if let Some(table) = &self.table {
            let row = |row: &Vec<u64>| row.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
            let rows: Vec<String> = table.rows.iter().map(row).collect();
            builder.remark(&format!("table {}", rows.join("; ")));
        }
        value
    }
}

impl Written for Conv {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, bound: &Bound) -> Result<Conv, OpError> {
        match self.table {
            Some(_) if bound.span("groups").is_some() => Err(exclusive("table=", "groups=")),
            _ => Ok(self),
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
        self.sliding.check_border(self.border, inputs[0].extent())?;
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
        weighted::parameters(&[outer, inner, height, width], fan_in, self.bias.then_some(self.filters))
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (out_height, out_width) = output.extent();
        let (kernel_height, kernel_width) = self.sliding.kernel;
        let kernels = self.kernels_per_position(inputs[0].channels());
        let each = [kernel_height, kernel_width, kernels];
        let (macs, pairs) = match self.table {
            Some(_) => (Product::new(&[out_height, out_width], &each), u128::from(kernels)),
            None => (
                Product::new(&[out_height, out_width, self.filters], &each),
                u128::from(kernels) * u128::from(self.filters),
            ),
        };
        let useful = self.sliding.useful_taps(self.border, inputs[0], output) * pairs;
        weighted::cost(macs, useful, self.bias.then_some(output.elements().into()))
    }

    convolution_facets!();

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        let (input, weight) = (&inputs[0], &parameters[0]);
        let (channels, height, width) = (input.shape()[0], input.shape()[1] as u64, input.shape()[2] as u64);
        let (rows, columns) = self.sliding.windows((height, width));
        let per_group = channels / self.groups as usize;
        let filters_per_group = self.filters as usize / self.groups as usize;
        // For each filter the index of its first kernel, and the input map of each of its kernels.
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
                        for (ky, iy) in self.border.taps(&rows, y as u64, height) {
                            for (kx, ix) in self.border.taps(&columns, x as u64, width) {
                                let tap = weight[IxDyn(&[outer, inner, ky, kx])];
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
