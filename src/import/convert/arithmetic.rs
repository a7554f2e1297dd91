//! Converts sums, products and concatenations: of several values, or of a value and a constant.

use super::super::fold::Derivation;
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::reader::{Reader, written};
use super::{Converter, Draft, Operand};
use crate::tensor::Shape;

/// The arrangement of values that are combined, and of the result.
enum Arrangement {
    /// All views arrange their values alike.
    OfAll,
    /// Channels, rows and columns stand at these axes.
    Permuted([usize; 3]),
    /// The values are plain maps or vectors.
    Plain,
}

impl<'a> Converter<'a> {
    pub(super) fn arithmetic(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        if self.opset < 7 {
            node.ignore("consumed_inputs");
            node.ignore("broadcast");
            if node.has("axis") {
                return Err("it broadcasts along `axis`, as before opset 7".into());
            }
        }
        let kind = node.node.kind.as_str();
        let (mut views, mut constants) = (Vec::new(), Vec::new());
        for index in 0..node.node.inputs.len() {
            match self.operand(node, index)? {
                Operand::View(view) => views.push(view),
                Operand::Tensor(tensor) => constants.push((index, tensor)),
            }
        }
        match (views.as_slice(), constants.as_slice()) {
            ([_], []) if matches!(kind, "Add" | "Sub" | "Mul" | "Div") => Err("it has one operand".into()),
            ([view], []) => {
                self.set(node, 0, view.clone());
                Ok(())
            }
            ([view], [(index, constant)]) => {
                let view = self.spelled(node, view.clone())?;
                self.with_constant(node, kind, &view, constant, *index == 0)
            }
            (_, []) => self.join(node, kind, &views),
            _ => Err("it combines several values and constants".into()),
        }
    }

    /// Combines several values element by element.
    fn join(&mut self, node: &Reader<'a>, kind: &str, views: &[View]) -> Result<(), Reason> {
        let word = match kind {
            "Add" | "Sum" | "Mean" => "add",
            "Sub" => "sub",
            "Mul" => "mul",
            "Div" => "div",
            "Max" => "max",
            _ => "min",
        };
        let (inputs, arrangement) = self.aligned(node, views)?;
        let mut value = self.emit(node, Draft::new(word, inputs))?;
        if kind == "Mean" {
            let arguments = vec![Argument::Real(1.0 / views.len() as f64)];
            value = self.emit(node, Draft::new("times", vec![value]).arguments(arguments))?;
        }
        let view = match arrangement {
            Arrangement::OfAll => views[0].of(value),
            Arrangement::Permuted(layout) => self.laid_out(value, Some(layout)),
            Arrangement::Plain => self.whole(value),
        };
        self.set(node, 0, view);
        Ok(())
    }

    /// The values behind several views with the same arrangement, and that arrangement. Where the arrangements differ,
    /// the values are made plain.
    fn aligned(
        &mut self,
        node: &Reader<'a>,
        views: &[View],
    ) -> Result<(Vec<super::ValueId>, Arrangement), Reason> {
        let shapes: Vec<Shape> = views.iter().map(|view| self.network.shape(view.value)).collect();
        let same = views.windows(2).all(|two| two[0].axes == two[1].axes);
        if same && shapes.windows(2).all(|two| two[0] == two[1]) {
            return Ok((views.iter().map(|view| view.value).collect(), Arrangement::OfAll));
        }
        let spelled =
            views.iter().map(|view| self.spelled(node, view.clone())).collect::<Result<Vec<_>, _>>()?;
        let views = spelled.as_slice();
        let shapes: Vec<Shape> = views.iter().map(|view| self.network.shape(view.value)).collect();
        // An axis of extent 1 may be any: the mean of a vector over its channels goes with a vector whose channels stand last.
        let agrees = |layout: [usize; 3]| {
            views.iter().zip(&shapes).all(|(view, &shape)| {
                shape.is_map() && View::map(view.value, shape, self.batch, layout).axes == view.axes
            })
        };
        let mut layouts = views.iter().zip(&shapes).filter_map(|(view, &shape)| view.layout(shape));
        if let Some(layout) = layouts.find(|&layout| layout != [1, 2, 3] && agrees(layout)) {
            return Ok((views.iter().map(|view| view.value).collect(), Arrangement::Permuted(layout)));
        }
        let values = views.iter().map(|view| self.feature(node, view)).collect::<Result<Vec<_>, _>>()?;
        Ok((values, Arrangement::Plain))
    }

    /// Combines a value with a constant of one number, or of one number for each channel.
    fn with_constant(
        &mut self,
        node: &Reader<'a>,
        kind: &str,
        view: &View,
        constant: &Tensor,
        constant_first: bool,
    ) -> Result<(), Reason> {
        if !constant.element().is_float() {
            return Err("its constant is no floating-point tensor".into());
        }
        if kind == "Sub" && !constant_first && self.differences(node, view, constant)? {
            return Ok(());
        }
        if kind == "Div"
            && !constant_first
            && let Some(value) = self.counted_mean(node, view, constant)?
        {
            self.set(node, 0, view.of(value));
            return Ok(());
        }
        let dims = view.dims();
        if constant.dims().len() > dims.len() || constant.elements() > dims.iter().product() {
            return Err(format!("a constant of the extents {:?} enlarges its value", constant.dims()).into());
        }
        let channels = self.network.shape(view.value).channels();
        if constant.elements() == 1 && (channels != 1 || constant.dims().is_empty()) {
            let number = constant.scalar(self.storage)?.ok_or("its constant is no number")?;
            return self.with_number(node, kind, view, number, constant_first);
        }
        if constant_first && matches!(kind, "Sub" | "Div") {
            return Err("a constant minus or over a value, channel by channel".into());
        }
        self.per_channel(view, constant)?;
        let unary = match kind {
            "Sub" => Some(super::super::fold::Unary::Neg),
            "Div" => Some(super::super::fold::Unary::Reciprocal),
            "Add" | "Sum" | "Mul" => None,
            _ => return Err("with a constant for each channel".into()),
        };
        let origin = constant.origin().map(str::to_owned);
        let mut tensor =
            Tensor::derived(Derivation::Reshape(vec![channels]), vec![constant.clone()], self.storage)?;
        if let Some(unary) = unary {
            tensor = Tensor::derived(Derivation::Unary(unary), vec![tensor], self.storage)?;
        }
        // A lone parameter such as `layer_scale` has the name of its tensor as its path.
        let path = origin.as_deref().map(|name| name.strip_suffix(".weight").unwrap_or(name));
        let path = path.filter(|name| super::is_path(name) && !self.owned.contains(*name));
        let made_up =
            path.is_none_or(|name| name.contains("::") || name.contains('/') || name.starts_with("val_"));
        let key = if made_up { None } else { path.map(str::to_owned) };
        let (word, suffix) =
            if matches!(kind, "Mul" | "Div") { ("scale", "weight") } else { ("bias", "bias") };
        let draft =
            Draft { word, arguments: vec![], inputs: vec![view.value], key, tensors: vec![(suffix, tensor)] };
        let value = self.emit(node, draft)?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    /// Checks that a constant, broadcast to a view, has one number for each channel.
    pub(super) fn per_channel(&self, view: &View, constant: &Tensor) -> Result<(), Reason> {
        let shape = self.network.shape(view.value);
        let (dims, own) = (view.dims(), constant.dims());
        let wrong = || format!("a constant of the extents {own:?} for a value of {dims:?}");
        if shape.channels() == 1 && constant.elements() == 1 && own.len() <= dims.len() {
            return Ok(());
        }
        let at = match view.layout(shape) {
            Some(layout) => layout[0],
            // Otherwise any arrangement with an axis that consists of exactly the channels.
            None => {
                let area = shape.extent().0 * shape.extent().1;
                let channels = |axis: &super::super::view::Axis| matches!(axis[..], [atom] if atom.size == shape.channels() && atom.stride == area);
                view.axes.iter().position(channels).ok_or_else(wrong)?
            }
        };
        let skipped = dims.len().checked_sub(own.len()).ok_or_else(wrong)?;
        let fits = own.iter().enumerate().all(|(axis, &extent)| {
            if axis + skipped == at { extent == shape.channels() } else { extent == 1 }
        });
        if fits && at >= skipped { Ok(()) } else { Err(wrong().into()) }
    }

    fn with_number(
        &mut self,
        node: &Reader<'a>,
        kind: &str,
        view: &View,
        number: f64,
        constant_first: bool,
    ) -> Result<(), Reason> {
        let number = if number.is_finite() { written(number as f32) } else { number };
        let mut value = view.value;
        let (word, number) = match kind {
            "Add" | "Sum" => ("plus", number),
            "Mul" => ("times", number),
            "Sub" if !constant_first => ("plus", -number),
            "Div" if !constant_first => ("times", 1.0 / number),
            "Sub" => {
                let arguments = vec![Argument::Real(-1.0)];
                value = self.emit(node, Draft::new("times", vec![value]).arguments(arguments))?;
                ("plus", number)
            }
            "Div" => {
                value = self.emit(node, Draft::new("reciprocal", vec![value]))?;
                ("times", number)
            }
            "Max" | "Min" => {
                let arguments = vec![Argument::Named(if kind == "Max" { "min" } else { "max" }, number)];
                let (word, arguments) =
                    if kind == "Max" && number == 0.0 { ("relu", vec![]) } else { ("clip", arguments) };
                let value = self.emit(node, Draft::new(word, vec![value]).arguments(arguments))?;
                self.set(node, 0, view.of(value));
                return Ok(());
            }
            _ => return Err("the mean of a value and a constant".into()),
        };
        if !number.is_finite() {
            return Err(format!("its constant is {number}").into());
        }
        let vanishes = !self.is_ours && number == if word == "plus" { 0.0 } else { 1.0 };
        if !vanishes {
            value = self.emit(node, Draft::new(word, vec![value]).arguments(vec![Argument::Real(number)]))?;
        }
        self.set(node, 0, view.of(value));
        Ok(())
    }

    pub(super) fn concat(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let mut views = Vec::new();
        for index in 0..node.node.inputs.len() {
            match self.operand(node, index)? {
                Operand::View(view) => views.push(view),
                Operand::Tensor(_) => return Err("a constant is concatenated".into()),
            }
        }
        let axis = node.int("axis", 1)?;
        if let [view] = views.as_slice() {
            self.set(node, 0, view.clone());
            return Ok(());
        }
        let rank = views.first().ok_or("it has no input")?.axes.len() as i64;
        let at = if axis < 0 { axis + rank } else { axis };
        if (2..4).contains(&at) && rank == 4 {
            views = views.into_iter().map(|view| self.laid(node, view)).collect::<Result<_, _>>()?;
        }
        let first = views.first().ok_or("it has no input")?;
        let shape = self.network.shape(first.value);
        let layout = first.layout(shape).filter(|layout| *layout != [1, 2, 3]);
        let permuted = layout.filter(|layout| {
            let same = |view: &View| view.layout(self.network.shape(view.value)) == Some(*layout);
            views.iter().all(same)
        });
        let channels = permuted.map_or(1, |layout| layout[0]);
        let are_maps =
            views.iter().all(|view| view.layout(self.network.shape(view.value)) == Some([1, 2, 3]));
        if (2..4).contains(&at) && are_maps {
            return self.alongside(node, &views, at as usize);
        }
        if at != channels as i64 {
            return Err(format!("along axis {axis} of {:?}, not the channels", first.dims()).into());
        }
        let inputs = match permuted {
            Some(_) => views.iter().map(|view| view.value).collect(),
            None => views.iter().map(|view| self.feature(node, view)).collect::<Result<Vec<_>, _>>()?,
        };
        let value = self.emit(node, Draft::new("concat", inputs))?;
        self.set(node, 0, self.laid_out(value, permuted));
        Ok(())
    }
}
