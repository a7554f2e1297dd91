//! Places the vertices, frames and edges of a drawing: in ranks from top to bottom, in columns from left to right.
//!
//! A vertex lies one rank below the lowest of its operands, in the column of its first operand if that is free. An edge
//! runs through free cells if possible, otherwise in a lane to the right of all columns, so that no edge crosses a
//! vertex. The time is linear in the size of the drawing, up to a logarithm.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::drawing::{Drawing, Edge};

/// The cells of vertices and frames, and the routes of edges.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The cell of each vertex.
    pub cells: Vec<GridCell>,
    /// The cells of each frame.
    pub extents: Vec<FrameExtent>,
    /// The route of each edge.
    pub routes: Vec<Route>,
    /// The number of ranks.
    pub ranks: usize,
    /// The number of columns.
    pub columns: usize,
    /// The number of lanes.
    pub lanes: usize,
}

/// The rank and column of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GridCell {
    pub rank: usize,
    pub column: usize,
}

/// The cells that a frame spans, and the depth of nested frames at its edges, by which its border is moved outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameExtent {
    pub first: GridCell,
    pub last: GridCell,
    /// The depth of nested frames whose top edge lies at the same rank, this one included.
    pub above: usize,
    /// The depth of nested frames whose bottom edge lies at the same rank, this one included.
    pub below: usize,
    /// The depth of nested frames in it, this one included.
    pub beside: usize,
}

/// The route of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Sideways to the column of its end within the first gap, then straight down.
    EndColumn,
    /// Straight down, then sideways to the column of its end within the last gap.
    StartColumn,
    /// Through the lane with this number.
    Lane(usize),
}

impl Layout {
    pub(super) fn of(drawing: &Drawing) -> Layout {
        let cells = cells(drawing);
        let extents = extents(drawing, &cells);
        let (routes, lanes) = routes(drawing, &cells);
        let ranks = cells.iter().map(|cell| cell.rank + 1).max().unwrap_or(0);
        let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or(0);
        Layout { cells, extents, routes, ranks, columns, lanes }
    }
}

fn cells(drawing: &Drawing) -> Vec<GridCell> {
    // Edges that lead backward do not influence the ranks.
    let mut operands: Vec<Vec<usize>> = vec![Vec::new(); drawing.vertices.len()];
    for edge in drawing.edges.iter().filter(|edge| edge.from < edge.to) {
        operands[edge.to].push(edge.from);
    }
    let mut cells: Vec<GridCell> = Vec::with_capacity(drawing.vertices.len());
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut next_column: Vec<usize> = Vec::new();
    for operands in &operands {
        let rank = operands.iter().map(|&operand| cells[operand].rank + 1).max().unwrap_or(0);
        next_column.resize(next_column.len().max(rank + 1), 0);
        let wanted = operands.first().map_or(0, |&operand| cells[operand].column);
        let is_free = !taken.contains(&(rank, wanted));
        let column = if is_free { wanted } else { next_column[rank].max(wanted + 1) };
        taken.insert((rank, column));
        next_column[rank] = next_column[rank].max(column + 1);
        cells.push(GridCell { rank, column });
    }
    cells
}

fn extents(drawing: &Drawing, cells: &[GridCell]) -> Vec<FrameExtent> {
    let none = FrameExtent {
        first: GridCell { rank: usize::MAX, column: usize::MAX },
        last: GridCell { rank: 0, column: 0 },
        above: 1,
        below: 1,
        beside: 1,
    };
    let mut extents = vec![none; drawing.frames.len()];
    for (vertex, cell) in drawing.vertices.iter().zip(cells) {
        if let Some(frame) = vertex.frame {
            extents[frame].include(*cell, *cell);
        }
    }
    // Frames are sorted outer before inner: from the last to the first, each is complete before it extends its parent.
    for index in (0..extents.len()).rev() {
        if let Some(parent) = drawing.frames[index].parent {
            let inner = extents[index];
            extents[parent].include(inner.first, inner.last);
        }
    }
    for index in (0..extents.len()).rev() {
        if let Some(parent) = drawing.frames[index].parent {
            let inner = extents[index];
            let outer = &mut extents[parent];
            outer.beside = outer.beside.max(inner.beside + 1);
            if inner.first.rank == outer.first.rank {
                outer.above = outer.above.max(inner.above + 1);
            }
            if inner.last.rank == outer.last.rank {
                outer.below = outer.below.max(inner.below + 1);
            }
        }
    }
    extents
}

impl FrameExtent {
    fn include(&mut self, first: GridCell, last: GridCell) {
        self.first.rank = self.first.rank.min(first.rank);
        self.first.column = self.first.column.min(first.column);
        self.last.rank = self.last.rank.max(last.rank);
        self.last.column = self.last.column.max(last.column);
    }
}

/// Chooses the route of each edge, and counts the lanes.
fn routes(drawing: &Drawing, cells: &[GridCell]) -> (Vec<Route>, usize) {
    let taken: BTreeSet<(usize, usize)> = cells.iter().map(|cell| (cell.column, cell.rank)).collect();
    let is_free = |column: usize, above: usize, below: usize| {
        above < below && taken.range((column, above + 1)..(column, below)).next().is_none()
    };
    let direct = |edge: &Edge| {
        let (from, to) = (cells[edge.from], cells[edge.to]);
        // The column of its start is preferred: in the column of its end an edge could be mistaken for that of another
        // vertex.
        if is_free(from.column, from.rank, to.rank) {
            Some(Route::StartColumn)
        } else if is_free(to.column, from.rank, to.rank) {
            Some(Route::EndColumn)
        } else {
            None
        }
    };
    let mut routes: Vec<Option<Route>> = drawing.edges.iter().map(direct).collect();
    // The remaining edges take the first lane that is free over all their ranks; edges that begin first and end last
    // choose first.
    let span = |edge: &Edge| {
        let (from, to) = (cells[edge.from].rank, cells[edge.to].rank);
        (from.min(to), from.max(to))
    };
    let mut rest: BTreeMap<(usize, Reverse<usize>), Vec<usize>> = BTreeMap::new();
    for (index, edge) in drawing.edges.iter().enumerate().filter(|&(index, _)| routes[index].is_none()) {
        let (first, last) = span(edge);
        rest.entry((first, Reverse(last))).or_default().push(index);
    }
    let (mut lanes, mut free) = (0, BTreeSet::new());
    let mut busy: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    for ((first, Reverse(last)), edges) in rest {
        while busy.peek().is_some_and(|&Reverse((end, _))| end < first) {
            free.extend(busy.pop().map(|Reverse((_, lane))| lane));
        }
        for edge in edges {
            let lane = free.pop_first().unwrap_or_else(|| {
                lanes += 1;
                lanes - 1
            });
            busy.push(Reverse((last, lane)));
            routes[edge] = Some(Route::Lane(lane));
        }
    }
    (routes.into_iter().map(|route| route.unwrap_or(Route::Lane(0))).collect(), lanes)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::graph;
    use super::*;

    fn layout(text: &str) -> (Drawing, Layout) {
        let drawing = Drawing::of(&graph(text), None);
        let layout = Layout::of(&drawing);
        (drawing, layout)
    }

    #[test]
    fn a_chain_stands_in_one_column() {
        let (_, layout) = layout("input 8x8x4; conv 3x3x4 relu; flatten");
        let cells: Vec<(usize, usize)> = layout.cells.iter().map(|cell| (cell.rank, cell.column)).collect();
        assert_eq!(cells, [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]);
        assert_eq!((layout.ranks, layout.columns, layout.lanes), (5, 1, 0));
    }

    #[test]
    fn branches_stand_side_by_side_and_a_shortcut_takes_a_lane() {
        let (_, side) = layout("input 8x8x4; concat < conv 1x1x2 | conv 1x1x2 relu >");
        assert_eq!((side.columns, side.lanes), (2, 0));
        let (drawing, around) = layout("input 8x8x4; residual < conv 3x3x4 same > relu");
        let lanes = around.routes.iter().filter(|route| matches!(route, Route::Lane(_))).count();
        assert_eq!((around.columns, around.lanes, lanes), (1, 1, 1));
        let edge = around.routes.iter().position(|route| matches!(route, Route::Lane(_))).unwrap();
        assert_eq!(drawing.vertices[drawing.edges[edge].from].name, "input");
    }

    #[test]
    fn a_short_branch_waits_in_its_own_column() {
        let (drawing, layout) = layout("input 8x8x4; concat < conv 1x1x2; relu; relu | conv 1x1x2 >");
        let short = drawing.vertices.iter().position(|vertex| vertex.name == "conv2").unwrap();
        let edge = drawing.edges.iter().position(|edge| edge.from == short).unwrap();
        assert_eq!(layout.cells[short], GridCell { rank: 1, column: 1 });
        assert_eq!((layout.routes[edge], layout.lanes), (Route::StartColumn, 0));
    }

    #[test]
    fn nested_shortcuts_have_lanes_of_their_own_and_later_ones_take_them_again() {
        let nested = "residual < conv 3x3x4 same; residual < conv 3x3x4 same >; relu >";
        let (_, layout) = layout(&format!("input 8x8x4; {nested}; relu; {nested}"));
        assert_eq!(layout.lanes, 2);
    }

    #[test]
    fn no_two_vertices_share_a_cell() {
        let (drawing, layout) = layout(
            "input 8x8x4; inception < conv 1x1x2 | conv 1x1x2; split 2 < relu | conv 1x1x2 > | relu > relu",
        );
        let cells: BTreeSet<(usize, usize)> =
            layout.cells.iter().map(|cell| (cell.rank, cell.column)).collect();
        assert_eq!(cells.len(), drawing.vertices.len());
        for edge in &drawing.edges {
            assert!(layout.cells[edge.from].rank < layout.cells[edge.to].rank);
        }
    }

    #[test]
    fn frames_hold_their_vertices_and_inner_frames() {
        let (_, layout) = layout("block b(c) { conv 3x3x(c) same relu } input 8x8x4; [b(4) * 2] as s[]");
        let [outer, first, second] = layout.extents[..] else { panic!("three frames") };
        assert_eq!((outer.first.rank, outer.last.rank), (1, 4));
        assert_eq!((first.first.rank, second.last.rank), (1, 4));
        assert_eq!((outer.above, outer.below, outer.beside, first.above), (2, 2, 2, 1));
    }
}
