//! Converts `Resize` and `Upsample` where `upsample` samples at the same positions; the positions of both are computed
//! and compared.

use super::super::op::{Argument, ValueId};
use super::super::refusal::Reason;
use super::reader::Reader;
use super::{Converter, Draft};

/// The number of rows or columns whose positions are compared.
const MAX_OUTPUT: u64 = 1 << 20;

/// The mapping of output positions to input positions.
struct Sampling<'a> {
    coordinates: &'a str,
    rounding: &'a str,
}

impl Sampling<'_> {
    /// The position in the input at which output `i` is sampled, before rounding.
    fn position(&self, i: u64, input: u64, output: u64, scale: f64) -> Option<f64> {
        let (x, input, output) = (i as f64, input as f64, output as f64);
        Some(match self.coordinates {
            "half_pixel" => (x + 0.5) / scale - 0.5,
            "pytorch_half_pixel" if output > 1.0 => (x + 0.5) / scale - 0.5,
            "pytorch_half_pixel" => 0.0,
            "asymmetric" => x / scale,
            "align_corners" if output > 1.0 => x * (input - 1.0) / (output - 1.0),
            "align_corners" => 0.0,
            _ => return None,
        })
    }

    /// The index of the element that nearest sampling chooses.
    fn nearest(&self, position: f64, input: u64) -> Option<u64> {
        let rounded = match self.rounding {
            "floor" => position.floor(),
            "ceil" => position.ceil(),
            "round_prefer_floor" => (position - 0.5).ceil(),
            "round_prefer_ceil" => (position + 0.5).floor(),
            _ => return None,
        };
        Some(rounded.clamp(0.0, input as f64 - 1.0) as u64)
    }
}

impl<'a> Converter<'a> {
    pub(super) fn resize(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let (rows, columns) = self.network.shape(value).extent();
        let old = node.node.kind == "Upsample" || self.opset < 11;
        let scales = self.scales(node, old)?;
        let sizes = if old { None } else { self.integers(node, 3, "list of sizes")? };
        let axes = node.ints("axes")?;
        node.must_be("antialias", 0)?;
        node.must_be("exclude_outside", 0)?;
        node.ignore("extrapolation_value");
        if node.text("keep_aspect_ratio_policy", "stretch")? != "stretch" {
            return Err("`keep_aspect_ratio_policy` is not `stretch`".into());
        }
        // The index of height or width among the given numbers.
        let at = |axis: i64, count: usize| match &axes {
            Some(axes) => axes.iter().position(|&one| one == axis || one == axis - 4),
            None => (count == 4).then_some(axis as usize),
        };
        let mut outputs = [(rows, 1.0), (columns, 1.0)];
        for (axis, (output, scale)) in outputs.iter_mut().enumerate() {
            let input = *output;
            if let Some(sizes) = &sizes {
                let at = at(axis as i64 + 2, sizes.len()).ok_or("its sizes are not those of four axes")?;
                *output =
                    u64::try_from(sizes[at]).ok().filter(|&size| size > 0).ok_or("a size is not positive")?;
                *scale = *output as f64 / input as f64;
            } else if let Some(scales) = &scales {
                let at = at(axis as i64 + 2, scales.len()).ok_or("its scales are not those of four axes")?;
                *scale = scales[at];
                if !(scale.is_finite() && *scale > 0.0 && *scale < 1e6) {
                    return Err(format!("a scale is {scale}").into());
                }
                // Runtimes multiply in single precision: 0.7 times 10 is 7.
                *output = (input as f32 * *scale as f32).floor() as u64;
            } else {
                return Err("neither scales nor sizes are given".into());
            }
        }
        if outputs.iter().any(|(output, _)| *output > MAX_OUTPUT) {
            return Err(format!("it makes more than {MAX_OUTPUT} rows or columns").into());
        }
        let fixed = |values: &[f64], wanted: [f64; 2]| axes.is_some() || values[..2] == wanted;
        let batch_and_channels_stay = match (&scales, &sizes) {
            (_, Some(sizes)) => {
                let sizes: Vec<f64> = sizes.iter().map(|&size| size as f64).collect();
                fixed(&sizes, [self.batch as f64, self.network.shape(value).channels() as f64])
            }
            (Some(scales), None) => fixed(scales, [1.0, 1.0]),
            _ => true,
        };
        if !batch_and_channels_stay {
            return Err("it resizes the batch or the channels".into());
        }
        let arguments = self.sampled(node, old, [rows, columns], outputs)?;
        let Some(arguments) = arguments else {
            self.set(node, 0, view);
            return Ok(());
        };
        let value = self.emit(node, Draft::new("upsample", vec![value]).arguments(arguments))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// Converts rows (axis 2) or columns (axis 3) that are picked as `upsample` takes them, without interpolation.
    pub(super) fn nearest(
        &mut self,
        node: &Reader<'a>,
        value: ValueId,
        at: usize,
        places: &[u64],
    ) -> Result<Option<ValueId>, Reason> {
        let (height, width) = self.network.shape(value).extent();
        let (extent, to) = (if at == 2 { height } else { width }, places.len() as u64);
        let is_nearest =
            places.iter().zip(0..).all(|(&place, index): (&u64, u64)| place == index * extent / to);
        if !is_nearest || to == extent {
            return Ok(None);
        }
        let (mut input, mut size) = (value, if at == 2 { vec![to, width] } else { vec![height, to] });
        // Rows and columns are picked one after the other.
        if let Some(op) = self.maker(value).filter(|op| op.word == "upsample" && at == 3)
            && let [Argument::Flag("to"), Argument::Size(rows)] = op.arguments.as_slice()
            && self.network.shape(op.inputs[0]).extent().1 == width
        {
            (input, size) = (op.inputs[0], vec![rows[0], to]);
        }
        let arguments = vec![Argument::Flag("to"), Argument::Size(size)];
        self.emit(node, Draft::new("upsample", vec![input]).arguments(arguments)).map(Some)
    }

    fn scales(&self, node: &Reader<'a>, old: bool) -> Result<Option<Vec<f64>>, Reason> {
        if let Some(scales) = node.floats("scales")? {
            return Ok(Some(scales.into_iter().map(f64::from).collect()));
        }
        let index = if old { 1 } else { 2 };
        if !old {
            // The region of interest matters only for `tf_crop_and_resize`, which is refused.
            node.input(1);
        }
        let Some(scales) = self.tensor(node, index, "list of scales")? else { return Ok(None) };
        match scales.elements() {
            0 => Ok(None),
            1..=4 => Ok(Some(scales.reals(self.storage)?)),
            _ => Err("its scales are more than four".into()),
        }
    }

    /// The arguments of `upsample`; `None` if nothing changes.
    fn sampled(
        &self,
        node: &Reader<'a>,
        old: bool,
        inputs: [u64; 2],
        outputs: [(u64, f64); 2],
    ) -> Result<Option<Vec<Argument>>, Reason> {
        let mode = node.text("mode", "nearest")?;
        let default = if old { "asymmetric" } else { "half_pixel" };
        let coordinates = node.text("coordinate_transformation_mode", default)?;
        // With aligned corners ONNX uses the extent before it is rounded down, which the language cannot express.
        if coordinates == "align_corners" {
            for (&input, &(output, scale)) in inputs.iter().zip(&outputs) {
                let exact = input as f64 * scale;
                if (exact - output as f64).abs() > 1e-5 * exact {
                    return Err(format!("`align_corners` over {exact} of {output} positions").into());
                }
            }
        }
        let default = if old { "floor" } else { "round_prefer_floor" };
        let rounding = node.text("nearest_mode", default)?;
        let cubic = node.float("cubic_coeff_a", -0.75)?;
        let sizes = [outputs[0].0, outputs[1].0];
        if !self.is_ours && sizes == inputs && outputs.iter().all(|(_, scale)| *scale == 1.0) {
            return Ok(None);
        }
        let whole =
            [0, 1].map(
                |axis| if sizes[axis].is_multiple_of(inputs[axis]) { sizes[axis] / inputs[axis] } else { 0 },
            );
        let mut arguments = match whole {
            [0, _] | [_, 0] => vec![Argument::Flag("to"), Argument::Size(sizes.to_vec())],
            [down, right] if down == right => vec![Argument::Count(down)],
            [down, right] => vec![Argument::Size(vec![down, right])],
        };
        let sampling = Sampling { coordinates, rounding };
        let agrees = |ours: &dyn Fn(u64, u64, u64) -> f64, compare_elements: bool| {
            (0..2).all(|axis| {
                let (input, (output, scale)) = (inputs[axis], outputs[axis]);
                (0..output).all(|i| {
                    let Some(theirs) = sampling.position(i, input, output, scale) else { return false };
                    let ours = ours(i, input, output);
                    if compare_elements {
                        // Runtimes divide in single precision.
                        let single = if coordinates == "asymmetric" {
                            f64::from(i as f32 / scale as f32)
                        } else {
                            theirs
                        };
                        [theirs, single]
                            .into_iter()
                            .all(|position| sampling.nearest(position, input) == Some(ours as u64))
                    } else {
                        (theirs.clamp(0.0, input as f64 - 1.0) - ours.clamp(0.0, input as f64 - 1.0)).abs()
                            < 1e-6
                    }
                })
            })
        };
        let half = |i: u64, input: u64, output: u64| (i as f64 + 0.5) * input as f64 / output as f64 - 0.5;
        let corners = |i: u64, input: u64, output: u64| {
            if output > 1 { i as f64 * (input as f64 - 1.0) / (output as f64 - 1.0) } else { 0.0 }
        };
        match mode {
            "nearest" if old && outputs.iter().any(|(_, scale)| *scale < 1.0) => {
                return Err(
                    "before operator set 11 ONNX does not say which elements a smaller map takes".into()
                );
            }
            "nearest" => {
                let floor = |i: u64, input: u64, output: u64| {
                    (u128::from(i) * u128::from(input) / u128::from(output)) as f64
                };
                if !agrees(&floor, true) {
                    return Err(format!(
                        "nearest sampling with `{coordinates}` and `{rounding}` takes other elements"
                    )
                    .into());
                }
            }
            "linear" | "cubic" => {
                let word = if mode == "linear" { "bilinear" } else { "bicubic" };
                if mode == "cubic" && cubic != -0.75 {
                    return Err(format!("`cubic_coeff_a` is {cubic}, not -0.75").into());
                }
                arguments.push(Argument::Flag(word));
                if agrees(&half, false) {
                } else if agrees(&corners, false) {
                    arguments.push(Argument::Flag("corners"));
                } else {
                    return Err(format!("{mode} sampling with `{coordinates}` takes other positions").into());
                }
            }
            other => return Err(format!("`mode` is `{other}`").into()),
        }
        Ok(Some(arguments))
    }
}
