//! Pools in PyTorch.

use super::{Pool, Reduction, Region};
use crate::ops::torch::{Both, Helper, ToTorch, Torch, even_padding, uneven_padding};
use crate::tensor::{Shape, Window};

/// A module of pools over a padded map: `$more` are its further parameters, `$keep` stores them.
macro_rules! padded_pool {
    ($name:literal, $doc:literal, $more:literal, $keep:literal, $body:literal) => {
        Helper {
            name: $name,
            source: concat!(
                "class ",
                $name,
                "(nn.Module):\n    \"\"\"",
                $doc,
                r#""""

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: int | tuple[int, int],
        pads: tuple[int, int, int, int],
        dilation: int | tuple[int, int] = 1,"#,
                $more,
                r#"
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.pads = pads
        self.dilation = dilation"#,
                $keep,
                "\n\n",
                $body
            ),
        }
    };
}

/// The class PaddedMaxPool2d of exported PyTorch files.
static PADDED_MAX: Helper = padded_pool!(
    "PaddedMaxPool2d",
    "The greatest elements of windows, padded by (left, right, top, bottom).",
    "",
    "",
    r#"    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.pads, value=float("-inf"))
        return F.max_pool2d(x, self.kernel_size, self.stride, dilation=self.dilation)"#
);

/// The class PaddedAvgPool2d of exported PyTorch files.
static PADDED_MEAN: Helper = padded_pool!(
    "PaddedAvgPool2d",
    r#"Means of windows over a map padded by (left, right, top, bottom).

    Divides by the pixels of the window that lie in the map padded by `counted`.
    "#,
    r#"
        counted: tuple[int, int, int, int] = (0, 0, 0, 0),"#,
    r#"
        self.counted = counted
        self.uncounted = [pad - inner for pad, inner in zip(pads, counted, strict=True)]"#,
    r#"    def total(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        taps = x.new_ones(channels, 1, *self.kernel_size)
        return F.conv2d(
            x, taps, stride=self.stride, dilation=self.dilation, groups=channels
        )

    def forward(self, x: Tensor) -> Tensor:
        counts = F.pad(torch.ones_like(x), self.counted, value=1.0)
        counts = F.pad(counts, self.uncounted)
        return self.total(F.pad(x, self.pads)) / self.total(counts)"#
);

/// The padding behind the input that the output's windows need: less than declared if the last pixels are in no window,
/// more if `ceil` adds one.
fn behind(window: Window, input: u64, output: u64) -> i64 {
    let end = u128::from(output.saturating_sub(1)) * u128::from(window.stride) + u128::from(window.extent());
    let held = u128::from(input) + u128::from(window.pad_before);
    i64::try_from(end.saturating_sub(held)).unwrap_or(i64::MAX)
}

impl ToTorch for Pool {
    fn to_torch(&self, inputs: &[Shape], output: Shape) -> Torch {
        let max = self.reduction == Reduction::Max;
        let adaptive = |size: (u64, u64)| {
            Torch::module(if max { "nn.AdaptiveMaxPool2d" } else { "nn.AdaptiveAvgPool2d" })
                .positional("output_size", size)
        };
        let sliding = match self.region {
            Region::Global => return adaptive((1, 1)),
            Region::Adaptive(rows, columns) => return adaptive((rows, columns)),
            Region::Sliding(sliding) => sliding,
        };
        let (rows, columns) = sliding.windows(inputs[0].extent());
        let (kernel, dilation) = (sliding.kernel, sliding.dilation);
        // PyTorch's pools accept padding of at most half a kernel, equal on both sides, and cannot average with
        // dilation.
        let even = even_padding((rows, columns))
            .filter(|padding| padding.0 <= kernel.0 / 2 && padding.1 <= kernel.1 / 2)
            .filter(|_| max || dilation == (1, 1));
        if let Some(padding) = even {
            let torch = Torch::module(if max { "nn.MaxPool2d" } else { "nn.AvgPool2d" })
                .named("kernel_size", kernel)
                .optional("stride", sliding.stride, kernel)
                .optional("padding", padding, 0);
            return if max {
                torch.optional("dilation", dilation, 1).optional("ceil_mode", sliding.ceil, false)
            } else {
                let counts = self.reduction == Reduction::AverageWithPadding || padding == (0, 0);
                torch.optional("ceil_mode", sliding.ceil, false).optional("count_include_pad", counts, true)
            };
        }
        let declared = uneven_padding((rows, columns));
        let (height, width) = inputs[0].extent();
        let (out_height, out_width) = output.extent();
        let torch = Torch::helper(if max { &PADDED_MAX } else { &PADDED_MEAN })
            .named("kernel_size", Both(kernel.0, kernel.1))
            .named("stride", sliding.stride)
            .named(
                "pads",
                [
                    declared[0],
                    behind(columns, width, out_width),
                    declared[2],
                    behind(rows, height, out_height),
                ],
            )
            .optional("dilation", dilation, 1);
        if self.reduction == Reduction::AverageWithPadding { torch.named("counted", declared) } else { torch }
    }
}
