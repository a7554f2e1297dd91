//! Divides a plane of positions into cells, one register tile each: the columns evenly, then as many rows as fit.

use std::ops::Range;

use super::lanes::Isa;
use super::tile::{self, BlockWidth, TileKernel};

/// A rectangle of the plane, with the tile that computes it.
#[derive(Clone, Copy)]
pub(super) struct GridCell {
    pub tile: TileKernel,
    pub row: usize,
    pub column: usize,
    /// Rows and columns of the rectangle.
    pub rows: usize,
    pub columns: usize,
}

/// Consecutive cells of a grid, located once for all the blocks of filters that are computed there.
#[derive(Clone, Copy)]
pub(super) struct Cells {
    /// The group of rows and the part of the columns of the first cell.
    group: usize,
    part: usize,
    count: usize,
}

/// The cells of a plane.
pub(super) struct TileGrid {
    height: usize,
    rows: usize,
    columns: Vec<(usize, usize)>,
    /// The tile for each part of the columns: of one row, of `rows`, and of the rows that are left at the end.
    tiles: Vec<[Option<TileKernel>; 3]>,
}

impl TileGrid {
    /// Divides a plane whose pixels lie `pixel` elements apart in the input. The cells are the same for every width of
    /// blocks.
    pub(super) fn new(
        isa: Isa,
        block: BlockWidth,
        (height, width): (usize, usize),
        pixel: usize,
    ) -> TileGrid {
        let most = tile::most_pixels(isa);
        let parts = width.div_ceil(most);
        let columns: Vec<(usize, usize)> =
            (0..parts).map(|part| (part * width / parts, (part + 1) * width / parts)).collect();
        let fits = |rows: usize| {
            rows == 1
                || (parts == 1
                    && rows * width <= most
                    && tile::find(isa, block, (rows, width), pixel).is_some())
        };
        let rows = (1..=4.min(height)).rev().find(|&rows| fits(rows)).unwrap_or(1);
        let tiles = columns
            .iter()
            .map(|(first, end)| {
                [1, rows, height % rows].map(|rows| tile::find(isa, block, (rows, end - first), pixel))
            })
            .collect();
        TileGrid { height, rows, columns, tiles }
    }

    /// The number of cells.
    pub(super) fn len(&self) -> usize {
        self.height.div_ceil(self.rows) * self.columns.len()
    }

    /// Locates consecutive cells.
    pub(super) fn cells(&self, cells: Range<usize>) -> Cells {
        let columns = self.columns.len();
        Cells { group: cells.start / columns, part: cells.start % columns, count: cells.len() }
    }

    /// Visits the parts of some cells: one tile, or one for each row of a cell.
    #[inline]
    pub(super) fn visit(&self, cells: Cells, mut visit: impl FnMut(GridCell)) {
        let Cells { mut group, mut part, count } = cells;
        for _ in 0..count {
            let (column, end) = self.columns[part];
            let row = group * self.rows;
            let rows = self.rows.min(self.height - row);
            let [single, full, rest] = self.tiles[part];
            let columns = end - column;
            match (if rows == self.rows { full } else { rest }, single) {
                (Some(tile), _) => visit(GridCell { tile, row, column, rows, columns }),
                (None, Some(tile)) => {
                    (row..row + rows).for_each(|row| visit(GridCell { tile, row, column, rows: 1, columns }))
                }
                (None, None) => unreachable!("there is a tile of one row for every number of columns"),
            }
            part += 1;
            if part == self.columns.len() {
                (group, part) = (group + 1, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cover_a_plane_once() {
        for isa in [Isa::Portable, Isa::best()] {
            for (height, width) in [(1, 1), (7, 7), (13, 13), (14, 14), (17, 17), (5, 8), (3, 55), (2, 149)] {
                let new = |block: BlockWidth| TileGrid::new(isa, block, (height, width), 16);
                let (grid, of_eight) = (new(BlockWidth::Sixteen), new(BlockWidth::Eight));
                assert_eq!(grid.len(), of_eight.len());
                let mut hits = vec![0; height * width];
                let half = grid.len() / 2;
                for (grid, cells) in [(&grid, 0..half), (&of_eight, half..grid.len())] {
                    grid.visit(grid.cells(cells), |cell| {
                        for row in cell.row..cell.row + cell.rows {
                            hits[row * width + cell.column..][..cell.columns]
                                .iter_mut()
                                .for_each(|hit| *hit += 1);
                        }
                    });
                }
                assert!(hits.iter().all(|&hit| hit == 1), "{height}x{width}");
            }
        }
    }
}
