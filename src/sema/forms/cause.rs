//! Finds why branches end with different heights and widths: mostly a kernel without padding.

use crate::base::Span;
use crate::diag::Builder;
use crate::ir::NodeId;
use crate::ops::{Geometry, Operator, Reach};
use crate::tensor::{Shape, Window};

use super::{Expander, Form};
use crate::sema::incoming::Current;

/// The first statement of a branch that made height or width smaller than it would be with padding.
pub(super) struct Cause {
    /// Its operator.
    word: Span,
    from: Shape,
    to: Shape,
    repair: Repair,
    /// The place where the repair can be inserted, and the statement with it.
    edit: Option<(Span, String)>,
}

/// What a window lacks.
struct Repair {
    /// What is to be written behind the size.
    insertion: String,
    /// What it does: `keeps height and width`.
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
    /// What windows along both axes lack to keep `from`, or to divide it by their strides; `None` where nothing is
    /// missing. `wanted` are the height and width that another branch ends with, `enlarged` says whether the branch
    /// makes its map larger behind them.
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
        // Half of the kernel at each side, which no odd remainder makes crooked.
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
    /// The first statement that shrinks a branch below the largest end, where it does so by its kernel alone.
    pub(super) fn shrinking_statement(&self, form: &Form<'_>, ends: &[Current]) -> Option<Cause> {
        let extent = |id: NodeId| self.builder.shape(id).extent();
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
            let Some(&from) = self.builder.operands(at).first() else { break };
            let (node, before) = (self.builder.node(at), self.builder.shape(from));
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

    /// The place behind the size of an operator, and what stands there once `insertion` is put in.
    fn place_behind_size(&self, word: Span, insertion: &str) -> Option<(Span, String)> {
        let text = self.map.text(word.file);
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
