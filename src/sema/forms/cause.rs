//! Finds why branches end with different heights and widths: mostly a kernel without `same`.

use crate::base::Span;
use crate::diag::Builder;
use crate::ir::NodeId;
use crate::ops::{Geometry, Operator, Reach};
use crate::tensor::Shape;

use super::{Expander, Form};
use crate::sema::incoming::Current;

/// The first statement of a branch that made height or width smaller without a stride.
pub(super) struct Cause {
    /// Its operator.
    word: Span,
    from: Shape,
    to: Shape,
    /// The place where `same` can be inserted, and the statement with it.
    edit: Option<(Span, String)>,
}

impl Cause {
    pub(super) fn attach(self, builder: Builder<'_>) -> Builder<'_> {
        let ((height, width), (out_height, out_width)) = (self.from.extent(), self.to.extent());
        let builder = builder.label(
            self.word,
            format!("{height}x{width} becomes {out_height}x{out_width} here, without padding"),
        );
        match self.edit {
            Some((place, written)) => {
                builder.fix(format!("`same` keeps height and width: `{written}`"), place, " same")
            }
            None => builder.help("`same` keeps height and width"),
        }
    }
}

impl Expander<'_> {
    /// The first statement that shrinks a branch below the largest end, where it does so by its kernel alone.
    pub(super) fn shrinking_statement(&self, form: &Form<'_>, ends: &[Current]) -> Option<Cause> {
        let extent = |id: NodeId| self.builder.shape(id).extent();
        let largest = ends.iter().map(|end| extent(end.node)).max_by_key(|&(h, w)| h.saturating_mul(w))?;
        let begin = form.arriving.value().ok().map(|current| current.node);
        let shorter = ends.iter().filter(|end| extent(end.node) != largest);
        shorter.filter_map(|end| self.shrinking_node(end.node, begin)).next()
    }

    /// Follows a branch from its end to its beginning, and gives the node nearest to the beginning.
    fn shrinking_node(&self, end: NodeId, begin: Option<NodeId>) -> Option<Cause> {
        let mut found = None;
        let mut at = end;
        while Some(at) != begin {
            let Some(&from) = self.builder.operands(at).first() else { break };
            let (node, before) = (self.builder.node(at), self.builder.shape(from));
            let shrinks = node.shape.is_map() && before.is_map() && node.shape.extent() != before.extent();
            if let (true, Some(op)) = (shrinks, node.op())
                && let Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) } =
                    op.geometry(before, node.shape)
            {
                let unpadded = [rows, columns].iter().all(|one| one.stride == 1 && one.pad_before == 0);
                found = unpadded.then(|| Cause {
                    word: node.span,
                    from: before,
                    to: node.shape,
                    edit: self.place_for_same(node.span),
                });
            }
            at = from;
        }
        found
    }

    /// The place behind the size of an operator, and what stands there once `same` is put in.
    fn place_for_same(&self, word: Span) -> Option<(Span, String)> {
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
        let end = word.end as usize + (rest.len() - size.len()) + length;
        let place = Span::new(word.file, end, end);
        Some((place, format!("{} same", text.get(word.start as usize..end)?)))
    }
}
