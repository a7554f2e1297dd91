//! Finds the reason why branches end with different heights and widths: in most cases a kernel without padding.

use crate::base::Span;
use crate::diag::Builder;
use crate::ir::NodeId;
use crate::ops::{Geometry, Operator, Reach};
use crate::tensor::{Shape, Window};

use super::{Expander, Form};
use crate::sema::incoming::Current;

/// The first statement of a branch that made height or width smaller than it would be with padding.
pub(super) struct Cause {
    /// The word of its operator.
    word: Span,
    from: Shape,
    to: Shape,
    repair: Repair,
    /// The place where the repair is inserted, and the statement with the repair.
    edit: Option<(Span, String)>,
}

/// The padding or stride that a window lacks.
struct Repair {
    /// The text that is inserted behind the size.
    insertion: String,
    /// The effect of the repair: `keeps height and width`.
    effect: String,
}

impl Cause {
    pub(super) fn attach(self, builder: Builder<'_>) -> Builder<'_> {
        let ((height, width), (out_height, out_width)) = (self.from.extent(), self.to.extent());
        let builder = builder.label(
            self.word,
            format!("{height}x{width} becomes {out_height}x{out_width} here, without padding"),
        );
        let Repair { insertion, effect } = self.repair;
        let help = format!("`{}` {effect}", insertion.trim_start());
        match self.edit {
            Some((place, written)) => builder.fix(format!("{help}: `{written}`"), place, insertion),
            None => builder.help(help),
        }
    }
}

impl Repair {
    /// The repair that lets windows along both axes keep the extents of `from`, or divide them by their strides; `None`
    /// where nothing is missing. `wanted` are the height and width at the end of another branch; `enlarged` says
    /// whether the branch makes its map larger behind the windows.
    fn of([rows, columns]: [Window; 2], from: Shape, wanted: (u64, u64), enlarged: bool) -> Option<Repair> {
        let (height, width) = from.extent();
        let axes = [(rows, height), (columns, width)];
        if !axes.iter().all(|(window, _)| window.pad_before == 0 && window.pad_after == 0 && !window.ceil) {
            return None;
        }
        if axes.iter().all(|(window, _)| window.stride == 1) {
            return Some(Repair {
                insertion: " same".to_owned(),
                effect: "keeps height and width".to_owned(),
            });
        }
        if enlarged {
            return None;
        }
        if axes.iter().all(|(window, _)| window.stride == window.extent()) {
            return (wanted == (height, width)).then(|| Repair {
                insertion: "/1 same".to_owned(),
                effect: "keeps height and width".to_owned(),
            });
        }
        // Half of the kernel on each side, if that gives the input divided by the stride.
        let padded = axes.map(|(window, input)| {
            let pad = (window.extent() - 1) / 2;
            let padded = Window { pad_before: pad, pad_after: pad, ..window };
            let reached = padded.output(input).filter(|&output| output == input.div_ceil(window.stride));
            reached.map(|output| (pad, output))
        });
        let [(top, height), (left, width)] = match padded {
            [Some(rows), Some(columns)] => [rows, columns],
            _ => return None,
        };
        let pads = if top == left { top.to_string() } else { format!("({top}, {left})") };
        Some(Repair { insertion: format!(" pad={pads}"), effect: format!("makes it {height}x{width}") })
    }
}

impl Expander<'_> {
    /// The first statement that makes a branch smaller than the largest end, if only its kernel does so.
    pub(super) fn shrinking_statement(&self, form: &Form<'_>, ends: &[Current]) -> Option<Cause> {
        let extent = |id: NodeId| self.draft.graph.shape(id).extent();
        let largest = ends.iter().map(|end| extent(end.node)).max_by_key(|&(h, w)| h.saturating_mul(w))?;
        let begin = form.arriving.value().ok().map(|current| current.node);
        let shorter = ends.iter().filter(|end| extent(end.node) != largest);
        shorter.filter_map(|end| self.shrinking_node(end.node, begin, largest)).next()
    }

    /// Follows a branch from its end to its beginning, and gives the node nearest to the beginning.
    fn shrinking_node(&self, end: NodeId, begin: Option<NodeId>, wanted: (u64, u64)) -> Option<Cause> {
        let (mut found, mut enlarged) = (None, false);
        let mut at = end;
        while Some(at) != begin {
            let Some(&from) = self.draft.graph.operands(at).first() else { break };
            let (node, before) = (self.draft.graph.node(at), self.draft.graph.shape(from));
            at = from;
            if !node.shape.is_map() || !before.is_map() || node.shape.extent() == before.extent() {
                continue;
            }
            let ((height, width), (out_height, out_width)) = (before.extent(), node.shape.extent());
            enlarged |= out_height > height || out_width > width;
            if let Some(op) = node.op()
                && let Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) } =
                    op.geometry(before, node.shape)
                && let Some(repair) = Repair::of([rows, columns], before, wanted, enlarged)
            {
                let edit = self.place_behind_size(node.span, &repair.insertion);
                found = Some(Cause { word: node.span, from: before, to: node.shape, repair, edit });
            }
        }
        found
    }

    /// The place behind the size of an operator, and the text around it with `insertion` in place.
    fn place_behind_size(&self, word: Span, insertion: &str) -> Option<(Span, String)> {
        let text = self.request.map.text(word.file);
        let rest = text.get(word.end as usize..)?;
        let size = rest.trim_start_matches(' ');
        if !size.starts_with(|first: char| first.is_ascii_digit() || first == '(') {
            return None;
        }
        let mut depth = 0_usize;
        let ends = |one: char| {
            match one {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && (one.is_whitespace() || matches!(one, ';' | '|' | '>' | ']' | '}'))
        };
        let length = size.find(ends).unwrap_or(size.len());
        if insertion.starts_with('/') && size[..length].contains('/') {
            return None;
        }
        let end = word.end as usize + (rest.len() - size.len()) + length;
        let place = Span::new(word.file, end, end);
        Some((place, format!("{}{insertion}", text.get(word.start as usize..end)?)))
    }
}
