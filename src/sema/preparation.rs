//! Reads how a picture becomes the tensor of an input: `resize=256 letterbox range=255 order=bgr orient mean=… std=…`.

use crate::diag::Code;
use crate::ir::{InputNode, Resize};
use crate::ops::Bound;
use crate::tensor::Shape;

use super::expander::Expander;

impl Expander<'_> {
    /// Reads the attributes of an input of this shape that concern pictures. A wrong one is reported and left out.
    pub(super) fn preparation(&mut self, bound: &Bound, shape: Shape) -> InputNode {
        let reals = |name| bound.reals(name).unwrap_or(&[]).to_vec();
        let node = InputNode {
            resize: self.resize(bound),
            orient: bound.flag("orient"),
            bgr: bound.choice("order") == Some("bgr"),
            range: self.range(bound),
            mean: reals("mean"),
            std: reals("std"),
        };
        self.check_values(bound, shape, &node);
        self.check_input_shape(bound, shape);
        node
    }

    fn resize(&mut self, bound: &Bound) -> Resize {
        let letterbox = bound.span("letterbox");
        let resize = bound.span("resize").zip(bound.counts("resize"));
        if let (Some(letterbox), Some((resize, _))) = (letterbox, resize) {
            self.error(Code::E0206, letterbox, "`letterbox` and `resize=` exclude each other")
                .here("finds the size by itself")
                .label(resize, "gives a size")
                .help("leave out one of them")
                .emit();
            return Resize::None;
        }
        if let Some(span) = letterbox {
            let grey = bound.real("letterbox").unwrap_or(0.5);
            if !(0.0..=1.0).contains(&grey) {
                self.error(Code::E0205, span, "the grey of `letterbox` must be between 0 and 1")
                    .here(format!("this is {grey}"))
                    .help(format!(
                        "a grey of 8 bits is divided by 255: 114 is `letterbox={:.4}`",
                        114.0 / 255.0
                    ))
                    .emit();
            }
            return Resize::Letterbox(grey);
        }
        match resize {
            None => Resize::None,
            Some((_, &[side])) => Resize::Shorter(side),
            Some((_, &[height, width])) => Resize::Exact { height, width },
            Some((span, sides)) => {
                self.error(Code::E0205, span, "`resize` of `input` wants n or (height, width)")
                    .here(format!("{} numbers", sides.len()))
                    .note("`n` scales the shorter side, `(h, w)` gives a picture this size")
                    .emit();
                Resize::None
            }
        }
    }

    fn range(&mut self, bound: &Bound) -> f64 {
        let range = bound.real("range").unwrap_or(1.0);
        if range > 0.0 && (range as f32).is_normal() {
            return range;
        }
        let at = bound.span("range").unwrap_or(bound.word());
        self.error(Code::E0205, at, "`range` must be a positive number")
            .here(format!("white would become {range}"))
            .help("write `range=255` where the network was trained on bytes")
            .emit();
        1.0
    }

    /// Reports a mean or deviation whose number of values is neither one nor that of the channels.
    fn check_values(&mut self, bound: &Bound, shape: Shape, node: &InputNode) {
        for (name, values) in [("mean", &node.mean), ("std", &node.std)] {
            let at = bound.span(name).unwrap_or(bound.word());
            if !matches!(values.len(), 0 | 1) && values.len() as u64 != shape.channels() {
                let message =
                    format!("`{name}` has {} values for {} channels", values.len(), shape.channels());
                self.error(Code::E0205, at, message).here("one value, or one for each channel").emit();
            }
            if name == "std" && values.contains(&0.0) {
                self.error(Code::E0205, at, "`std` contains a zero").here("would divide by zero").emit();
            }
        }
    }

    /// Reports attributes that do not fit the shape: a vector is no picture, and only three channels have an order.
    fn check_input_shape(&mut self, bound: &Bound, shape: Shape) {
        let is_exact = bound.counts("resize").is_some_and(|sides| sides.len() > 1);
        for name in ["resize", "letterbox", "orient", "order"] {
            let Some(at) = bound.span(name).filter(|_| name != "resize" || is_exact) else { continue };
            if !shape.is_map() {
                let message = format!("`{name}` applies to pictures, but the input is a vector of {shape}");
                self.error(Code::E0206, at, message).here("no picture becomes this input").emit();
            } else if name == "order" && shape.channels() != 3 {
                let message =
                    format!("`order` orders three channels, and the input has {}", shape.channels());
                self.error(Code::E0206, at, message).here("nothing to order").emit();
            }
        }
    }
}
