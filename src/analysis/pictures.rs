//! W0208 and W0210: an input whose extents are in the order channels first, and means of another range of values.

use crate::diag::{Code, Sink};
use crate::ir::{Node, NodeKind};
use crate::tensor::Shape;

/// The most channels that a picture has.
const MOST_PICTURE_CHANNELS: u64 = 16;

/// A last extent of at least this size looks like a width, not like channels.
const LEAST_WIDTH: u64 = 32;

/// Warns about an input that is written channels first, and about `mean=` of values from 0 to 255 where values from 0
/// to 1 arrive.
pub(super) fn check(node: &Node, sink: &mut Sink) {
    let NodeKind::Input(input) = &node.kind else { return };
    if let Shape::Map { height, width, channels } = node.shape {
        let looks_wide = channels > MOST_PICTURE_CHANNELS && (channels == width || channels >= LEAST_WIDTH);
        // A square of few positions with many channels is what a generator begins with.
        if matches!(height, 1 | 3 | 4) && looks_wide && height != width {
            sink.warning(Code::W0208, node.span, "the input looks as if its channels came first")
                .trace(&node.trace)
                .layer(&node.path)
                .here(format!("{height} rows, {width} columns, {channels} channels"))
                .note("sizes are height x width x channels")
                .help(format!("write `input {width}x{channels}x{height}`"))
                .warn();
        }
    }
    if let Some(mean) = input.mean.iter().find(|mean| **mean > 1.0 && **mean > input.range) {
        sink.warning(
            Code::W0210,
            node.span,
            format!("a mean above {} leaves every value negative", input.range),
        )
        .trace(&node.trace)
        .layer(&node.path)
        .here(format!("subtracts {mean} from values between 0 and {}", input.range))
        .note("pictures are divided by 255 before the mean is subtracted, unless the input says `range=255`")
        .help(
            "write `range=255` where the network was trained on bytes, or divide means and deviations by 255",
        )
        .warn();
    }
}
