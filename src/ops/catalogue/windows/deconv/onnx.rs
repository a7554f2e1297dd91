//! `deconv` in ONNX.

use super::super::onnx::{attributes, convolution};
use super::Deconv;
use crate::ops::border::Border;
use crate::ops::catalogue::rearrange::pad::padded;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};

impl ToOnnx for Deconv {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (mut rows, mut columns) = self.windows();
        let (input, weight) = (builder.operand(), builder.stored(0));
        if self.outpad.0 < self.sliding.stride.0.max(1) && self.outpad.1 < self.sliding.stride.1.max(1) {
            let mut attributes = attributes((rows, columns));
            if self.outpad != (0, 0) {
                let outpad = vec![self.outpad.0 as i64, self.outpad.1 as i64];
                attributes.push(("output_padding", OnnxValue::Ints(outpad)));
            }
            return convolution(builder, "ConvTranspose", input, weight, attributes, self.groups);
        }
        // Runtimes reject an output padding of at least the stride. Then less is cropped, and rows and columns that no
        // tap reaches are padded before the bias is added.
        let mut beyond = [0, 0];
        for ((window, outpad), rest) in
            [(&mut rows, self.outpad.0), (&mut columns, self.outpad.1)].into_iter().zip(&mut beyond)
        {
            *rest = outpad.saturating_sub(window.pad_after);
            window.pad_after = window.pad_after.saturating_sub(outpad);
        }
        let mut attributes = attributes((rows, columns));
        attributes.push(("group", OnnxValue::Int(self.groups as i64)));
        let value = builder.node("ConvTranspose", &[input, weight], attributes);
        let value = padded(builder, &value, [0, beyond[0], 0, beyond[1]], Border::Zeros, 0.0);
        match builder.parameter("bias") {
            Some(index) => {
                let bias = builder.by_channel(index);
                builder.join("Add", &value, &bias)
            }
            None => value,
        }
    }
}
