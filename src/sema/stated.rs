//! Compares the shape that a statement leaves with the one that the text states behind `->`.

use crate::base::Span;
use crate::diag::Code;
use crate::ir::{InputNode, NodeId, NodeInfo};
use crate::syntax::ast;
use crate::tensor::Shape;

use super::Unavailable;
use super::context::Context;
use super::expander::Expander;
use super::incoming::{Current, Incoming};

impl Expander<'_> {
    /// Compares a value with `-> shape`. An unknown value continues with the stated shape if that is complete, so that
    /// one error does not hide the next.
    pub(super) fn check_shape(
        &mut self,
        pattern: Option<&ast::ShapePattern>,
        cx: &Context<'_>,
        value: Incoming,
    ) -> Incoming {
        let Some(pattern) = pattern else { return value };
        let Some(dims) = self.stated(pattern, cx) else { return Incoming::Unavailable };
        match value {
            Incoming::Value(current) => {
                let actual = self.draft.graph.shape(current.node);
                if matches(&dims, actual)
                    || self.request.input_size.is_some() && self.is_flattened(current.node)
                {
                    return value;
                }
                self.shape_differs(pattern.span, &dims, current, cx.span);
                Incoming::Unavailable
            }
            Incoming::Unavailable => self.assume(&dims, cx.span),
            Incoming::Nothing | Incoming::Nowhere => value,
        }
    }

    /// The dimensions of a stated shape. If the caller gives another input size, height and width of maps are not
    /// compared, nor is the length of a vector that was a map, see [`Expander::check_shape`].
    fn stated(&mut self, pattern: &ast::ShapePattern, cx: &Context<'_>) -> Option<Vec<Option<u64>>> {
        let mut dims = Vec::new();
        let mut known = true;
        for dim in &pattern.dims {
            match dim {
                None => dims.push(None),
                Some(expr) => match self.count(expr, 1, "a dimension", cx.env, cx.arriving) {
                    Ok(count) => dims.push(Some(count)),
                    Err(Unavailable) => known = false,
                },
            }
        }
        if let (true, [height, width, _]) = (self.request.input_size.is_some(), dims.as_mut_slice()) {
            (*height, *width) = (None, None);
        }
        known.then_some(dims)
    }

    /// Returns whether a value is a flattened map, perhaps with operators behind it that keep the number of elements:
    /// that number depends on the height and width of the input.
    fn is_flattened(&self, node: NodeId) -> bool {
        let mut at = node;
        while let (Shape::Vector(elements), [operand]) =
            (self.draft.graph.shape(at), &self.draft.graph.operands(at)[..])
        {
            match self.draft.graph.shape(*operand) {
                Shape::Map { .. } => return true,
                Shape::Vector(before)
                    if before == elements && self.draft.graph.node(at).parameters.is_empty() =>
                {
                    at = *operand;
                }
                Shape::Vector(_) => return false,
            }
        }
        false
    }

    fn shape_differs(&mut self, pattern: Span, dims: &[Option<u64>], current: Current, statement: Span) {
        let actual = self.draft.graph.shape(current.node);
        let stated = show(dims);
        let builder = self
            .error(Code::E0301, pattern, format!("the shape is {actual}, not {stated}"))
            .here(format!("states {stated}"));
        let builder = if current.span == statement {
            builder.label(statement, format!("gives {actual}"))
        } else {
            builder.label(current.span, format!("{actual} comes from here"))
        };
        let elements = dims.iter().try_fold(1_u64, |all, dim| dim.and_then(|dim| all.checked_mul(dim)));
        let builder = if elements == Some(actual.elements()) && dims.len() != actual.dims().len() {
            builder.help("only `flatten` makes a vector of a map")
        } else {
            builder
        };
        builder
            .fix(format!("if the network is right, write `-> {actual}`"), pattern, actual.to_string())
            .emit();
    }

    /// Adds an input of the stated shape in place of an unknown value. The graph is not complete then.
    fn assume(&mut self, dims: &[Option<u64>], span: Span) -> Incoming {
        let dims: Option<Vec<u64>> = dims.iter().copied().collect();
        let shape = match dims.as_deref() {
            Some([elements]) => Shape::Vector(*elements),
            Some([height, width, channels]) => Shape::map(*height, *width, *channels),
            _ => return Incoming::Unavailable,
        };
        let info = NodeInfo { is_layer: false, ..self.node_info(Vec::new(), "assumed", span) };
        match self.draft.graph.input(shape, InputNode::default(), info) {
            Ok(node) => Incoming::Value(Current { node, span }),
            Err(_) => Incoming::Unavailable,
        }
    }
}

fn matches(pattern: &[Option<u64>], shape: Shape) -> bool {
    let dims = shape.dims();
    pattern.len() == dims.len()
        && pattern.iter().zip(dims).all(|(&open, dim)| open.is_none_or(|stated| stated == dim))
}

fn show(dims: &[Option<u64>]) -> String {
    dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string())).collect::<Vec<_>>().join("x")
}
