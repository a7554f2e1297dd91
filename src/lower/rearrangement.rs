//! Tables for operators that move elements and compute nothing: for each element of the output, the element of the
//! input that it copies.

use crate::ops::{Rearrange, Source};
use crate::tensor::Shape;

/// For each element of a map, the channel, row and column of the input that it copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Rearrangement {
    /// Rows and columns of the output after which the channels of the input repeat.
    pub period: usize,
    /// The channel of the input, for each place within the period, row by row, and each channel of the output.
    pub channels: Vec<usize>,
    /// The source of each row.
    pub rows: AxisSource,
    /// The source of each column.
    pub columns: AxisSource,
    /// The value of elements that copy none.
    pub fill: f32,
}

/// For each position of an axis of the output, the position of the input that it copies.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisSource {
    /// The position in the input of each position of the output; none where it is filled.
    pub positions: Vec<Option<usize>>,
    /// An offset that each channel of the output adds to the position.
    pub offsets: Vec<usize>,
}

impl Rearrangement {
    /// The tables of an operator that moves elements.
    pub(super) fn of(op: &impl Rearrange, input: Shape, output: Shape) -> Option<Rearrangement> {
        Rearrangement::new(output, op.inside(), op.period(), |at| op.source(input, at))
    }

    /// Asks `source` for the channels of one period, the rows of one column and the columns of one row; row and column
    /// `inside` must copy the input. `None` where these do not determine all other elements.
    pub(super) fn new(
        output: Shape,
        (first_row, first_column): (u64, u64),
        period: u64,
        source: impl Fn([u64; 3]) -> Source,
    ) -> Option<Rearrangement> {
        let (height, width) = output.extent();
        let channels = output.channels();
        let at = |place: [u64; 3]| match source(place) {
            Source::At(from) => Some(from.map(|axis| axis as usize)),
            Source::Fill(_) => None,
        };
        let fill = |place: [u64; 3]| match source(place) {
            Source::Fill(value) => Some(value as f32),
            Source::At(_) => None,
        };
        let [_, row, column] = at([0, first_row, first_column])?;
        let rows = (0..height).map(|y| at([0, y, first_column]).map(|from| from[1])).collect();
        let columns = (0..width).map(|x| at([0, first_row, x]).map(|from| from[2])).collect();
        let own = |channel: u64| at([channel, first_row, first_column]);
        let offsets = |axis: usize, first: usize| -> Option<Vec<usize>> {
            (0..channels).map(|channel| own(channel)?[axis].checked_sub(first)).collect()
        };
        let places = (0..period).flat_map(|y| (0..period).map(move |x| (y, x)));
        let of_places = places.flat_map(|(y, x)| (0..channels).map(move |channel| [channel, y, x]));
        // If the order of the channels is the same at all positions, the first one that is not filled stands for all.
        let place = |[channel, y, x]: [u64; 3]| {
            if period == 1 { [channel, first_row, first_column] } else { [channel, y, x] }
        };
        let of_places: Option<Vec<usize>> =
            of_places.map(|channel| at(place(channel)).map(|from| from[0])).collect();
        let filled = (0..height)
            .find_map(|y| fill([0, y, first_column]))
            .or_else(|| (0..width).find_map(|x| fill([0, first_row, x])));
        Some(Rearrangement {
            period: period as usize,
            channels: of_places?,
            rows: AxisSource { positions: rows, offsets: offsets(1, row)? },
            columns: AxisSource { positions: columns, offsets: offsets(2, column)? },
            fill: filled.unwrap_or(0.0),
        })
    }

    /// The channel, row and column of the input from which an element comes; none where it is filled.
    pub fn source(&self, [channel, row, column]: [usize; 3]) -> Option<[usize; 3]> {
        let place = row % self.period * self.period + column % self.period;
        let channels = self.rows.offsets.len();
        let along = |axis: &AxisSource, position: usize| {
            axis.positions[position].map(|from| from + axis.offsets[channel])
        };
        Some([
            self.channels[place * channels + channel],
            along(&self.rows, row)?,
            along(&self.columns, column)?,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Op;

    fn compare(word: &str, op: &impl Rearrange, input: Shape, output: Shape) {
        let table = Rearrangement::of(op, input, output).unwrap();
        let (height, width) = output.extent();
        for channel in 0..output.channels() {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let found = table.source([channel, y, x].map(|axis| axis as usize));
                match op.source(input, [channel, y, x]) {
                    Source::At(from) => assert_eq!(found, Some(from.map(|axis| axis as usize)), "{word}"),
                    Source::Fill(value) => assert_eq!((found, table.fill), (None, value as f32), "{word}"),
                }
            }
        }
    }

    #[test]
    fn tables_agree_with_the_operators() {
        use crate::driver::{Options, Session};
        for word in [
            "pad (1,0,2,3)",
            "pad 2 reflect",
            "pad 1 circular",
            "pad (0,2,0,1) replicate",
            "pad 1 value=2.5",
            "crop (1,2,0,1)",
            "crop to 2x3",
            "shuffle 4",
            "pixelshuffle 2",
            "pixelshuffle 2 dcr",
            "pixelunshuffle 2",
            "pixelunshuffle 2 dcr",
        ] {
            let source = format!("input 4x6x12; {word};");
            let session = Session::load(&(), "case.cnn", source.into_bytes(), "case");
            let checked = session.compile(&Options::default()).unwrap().checked.unwrap();
            let graph = checked.graph();
            let (_, node) = graph.layers().last().unwrap();
            let input = Shape::map(4, 6, 12);
            match node.op().unwrap() {
                Op::Pad(op) => compare(word, op, input, node.shape),
                Op::Crop(op) => compare(word, op, input, node.shape),
                Op::Shuffle(op) => compare(word, op, input, node.shape),
                Op::PixelShuffle(op) => compare(word, op, input, node.shape),
                other => panic!("{other:?}"),
            }
        }
    }
}
