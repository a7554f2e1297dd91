//! Converts pools.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::reader::Reader;
use super::sliding::{Sliding, pair};
use super::{Converter, Draft};
use crate::tensor::Shape;

impl<'a> Converter<'a> {
    pub(super) fn pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let average = node.node.kind == "AveragePool";
        let kernel = pair(node, "kernel_shape", 0, 1)?;
        if kernel == [0, 0] {
            return Err("`kernel_shape` is missing".into());
        }
        if node.has_output(1) {
            return Err("the positions of the maxima are asked for".into());
        }
        node.ignore("storage_order");
        let countpad = node.int("count_include_pad", 0)? != 0;
        let ceil = node.int("ceil_mode", 0)? != 0;
        let value = self.plain(node, &view)?;
        let input = self.network.shape(value);
        let sliding = self.window(node, kernel, input)?;
        let is_neutral = sliding.kernel == [1, 1] && sliding.stride == [1, 1] && sliding.pads == [0; 4];
        if is_neutral && !self.is_ours {
            self.set(node, 0, view);
            return Ok(());
        }
        let padded = sliding.same || sliding.pads != [0; 4];
        if ceil {
            sliding.check_ceil(input, average, countpad, self.opset)?;
        }
        let mut arguments = sliding.arguments(sliding.kernel.to_vec(), false);
        if ceil && !sliding.same {
            arguments.push(Argument::Flag("ceil"));
        }
        if average && countpad && padded {
            arguments.push(Argument::Flag("countpad"));
        }
        let word = if average { "avgpool" } else { "maxpool" };
        let value = self.emit(node, Draft::new(word, vec![value]).arguments(arguments))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// The sliding window of a pool.
    fn window(&self, node: &Reader<'a>, kernel: [u64; 2], input: Shape) -> Result<Sliding, Reason> {
        let sliding = self.sliding(node, kernel, input, false)?;
        if sliding.dilation != [1, 1] && node.text("auto_pad", "NOTSET")?.starts_with("SAME") {
            return Err(
                "`auto_pad` with `dilations`: runtimes pad a pool as if its window had no gaps".into()
            );
        }
        Ok(sliding)
    }

    /// Converts `(Σ |x|^p)^(1/p)` of each window: a mean of absolute values, of squares or of fourth powers.
    pub(super) fn lp_pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let kernel = pair(node, "kernel_shape", 0, 1)?;
        if kernel == [0, 0] {
            return Err("`kernel_shape` is missing".into());
        }
        node.must_be("ceil_mode", 0)?;
        let (before, behind): (&[&'static str], &[&'static str]) = match node.int("p", 2)? {
            1 => (&["abs"], &[]),
            2 => (&["square"], &["sqrt"]),
            4 => (&["square", "square"], &["sqrt", "sqrt"]),
            p => return Err(format!("`p` is {p}, not 1, 2 or 4").into()),
        };
        let mut value = self.plain(node, &view)?;
        let sliding = self.window(node, kernel, self.network.shape(value))?;
        for &word in before {
            value = self.emit(node, Draft::new(word, vec![value]))?;
        }
        let mut arguments = sliding.arguments(kernel.to_vec(), false);
        if sliding.same || sliding.pads != [0; 4] {
            arguments.push(Argument::Flag("countpad"));
        }
        value = self.emit(node, Draft::new("avgpool", vec![value]).arguments(arguments))?;
        let count = vec![Argument::Real((kernel[0] * kernel[1]) as f64)];
        value = self.emit(node, Draft::new("times", vec![value]).arguments(count))?;
        for &word in behind {
            value = self.emit(node, Draft::new(word, vec![value]))?;
        }
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    pub(super) fn global_pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let word = if node.node.kind == "GlobalMaxPool" { "maxpool" } else { "avgpool" };
        let value =
            self.emit(node, Draft::new(word, vec![value]).arguments(vec![Argument::Flag("global")]))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }
}
