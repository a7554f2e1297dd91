//! Divides a plane of positions into cells, one register tile each: the columns evenly, then as many rows as fit.

use super::lanes::Isa;
use super::tile::{self, TileKernel};

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

/// The cells of a plane.
pub(super) struct TileGrid {
    height: usize,
    rows: usize,
    columns: Vec<(usize, usize)>,
    /// The tile for each part of the columns: of one row, of `rows`, and of the rows that are left at the end.
    tiles: Vec<[Option<TileKernel>; 3]>,
}

impl TileGrid {
    /// Divides a plane whose pixels lie `pixel` elements apart in the input.
    pub(super) fn new(isa: Isa, (height, width): (usize, usize), pixel: usize) -> TileGrid {
        let most = tile::most_pixels(isa);
        let parts = width.div_ceil(most);
        let columns: Vec<(usize, usize)> =
            (0..parts).map(|part| (part * width / parts, (part + 1) * width / parts)).collect();
        let fits = |rows: usize| {
            rows == 1 || (parts == 1 && rows * width <= most && tile::find(isa, rows, width, pixel).is_some())
        };
        let rows = (1..=4.min(height)).rev().find(|&rows| fits(rows)).unwrap_or(1);
        let tiles = columns
            .iter()
            .map(|(first, end)| {
                [1, rows, height % rows].map(|rows| tile::find(isa, rows, end - first, pixel))
            })
            .collect();
        TileGrid { height, rows, columns, tiles }
    }

    /// The number of cells.
    pub(super) fn len(&self) -> usize {
        self.height.div_ceil(self.rows) * self.columns.len()
    }

    /// Visits the parts of a cell: one tile, or one for each of its rows.
    #[inline]
    pub(super) fn visit(&self, cell: usize, mut visit: impl FnMut(GridCell)) {
        let (group, part) = (cell / self.columns.len(), cell % self.columns.len());
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cover_a_plane_once() {
        for isa in [Isa::Portable, Isa::best()] {
            for (height, width) in [(1, 1), (7, 7), (13, 13), (14, 14), (17, 17), (5, 8), (3, 55), (2, 149)] {
                let grid = TileGrid::new(isa, (height, width), 16);
                let mut hits = vec![0; height * width];
                for cell in 0..grid.len() {
                    grid.visit(cell, |cell| {
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
