//! How pictures become the tensor of an input, as the report shows it.

use serde::Serialize;

use crate::ir::{InputNode, Node, NodeKind, Resize};

/// How a picture becomes the tensor of an input.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Preprocessing {
    /// `[n]`: the shorter side gets n pixels; `[h, w]`: the picture gets this size. Then its centre is cut out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Vec<u64>>,
    /// The largest size of its proportion that fits, with this grey around it, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub letterbox: Option<f64>,
    /// Whether it is turned as its EXIF mark says.
    pub orient: bool,
    /// `rgb` or `bgr`.
    pub order: &'static str,
    /// What white becomes, before the mean.
    pub range: f64,
    /// Subtracted: one value, one for each channel, or none.
    pub mean: Vec<f64>,
    /// Divides the difference: one value, one for each channel, or none.
    pub std: Vec<f64>,
}

impl Preprocessing {
    /// That of an input which says something about pictures.
    pub(super) fn of(node: &Node) -> Option<Preprocessing> {
        let NodeKind::Input(input) = &node.kind else { return None };
        if *input == InputNode::default() {
            return None;
        }
        let (resize, letterbox) = match input.resize {
            Resize::None => (None, None),
            Resize::Shorter(side) => (Some(vec![side]), None),
            Resize::Exact { height, width } => (Some(vec![height, width]), None),
            Resize::Letterbox(grey) => (None, Some(grey)),
        };
        Some(Preprocessing {
            resize,
            letterbox,
            orient: input.orient,
            order: if input.bgr { "bgr" } else { "rgb" },
            range: input.range,
            mean: input.mean.clone(),
            std: input.std.clone(),
        })
    }
}
