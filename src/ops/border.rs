//! How a map continues beyond its edge, for every operator that pads.

use crate::diag::Code;
use crate::tensor::Window;

use super::field::{Field, one_of};
use super::{Flag, OpError};

/// The values of a map beyond its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Zeros.
    Zeros,
    /// Mirrored at the first and last pixel, which do not repeat.
    Reflect,
    /// The edge pixels are repeated.
    Replicate,
    /// The pixels of the opposite side follow.
    Circular,
}

impl Border {
    /// The name of the mode in PyTorch's `F.pad`.
    pub(crate) fn torch(self) -> &'static str {
        if self == Border::Zeros { "constant" } else { self.word() }
    }

    /// The flag for it; `None` for zeros, which are the default.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Border::Zeros => "",
            Border::Reflect => "reflect",
            Border::Replicate => "replicate",
            Border::Circular => "circular",
        }
    }

    /// The pixel of an axis of `length` that stands at `position`, which may lie beyond the edge; `None` for a zero.
    pub fn source(self, position: i64, length: u64) -> Option<u64> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        if (0..length).contains(&position) {
            return Some(position as u64);
        }
        let source = match self {
            Border::Zeros => return None,
            Border::Reflect if position < 0 => -position,
            Border::Reflect => 2 * (length - 1) - position,
            Border::Replicate => position.clamp(0, length - 1),
            Border::Circular => position.rem_euclid(length),
        };
        Some(source.clamp(0, length - 1) as u64)
    }

    /// The taps of window `index` that fall on a pixel, each with the index of the pixel.
    pub(crate) fn taps(self, window: &Window, index: u64, length: u64) -> Vec<(usize, usize)> {
        let source = |tap: u64| self.source(window.position(index, tap), length);
        let all = 0..window.kernel;
        all.filter_map(|tap| source(tap).map(|pixel| (tap as usize, pixel as usize))).collect()
    }

    /// The number of taps that fall on a pixel, over the first `outputs` windows.
    pub(crate) fn useful(self, window: &Window, length: u64, outputs: u64) -> u128 {
        match self {
            Border::Zeros => window.useful_taps(length, outputs),
            _ => u128::from(window.kernel) * u128::from(outputs),
        }
    }

    /// Checks that a map is large enough for a padding: mirroring needs more pixels than the padding, wrapping around
    /// needs as many.
    pub(crate) fn check(self, axis: &str, input: u64, padding: u64) -> Result<(), OpError> {
        let (word, most) = match self {
            Border::Reflect => ("reflect", input - 1),
            Border::Circular => ("circular", input),
            Border::Zeros | Border::Replicate => return Ok(()),
        };
        if padding <= most {
            return Ok(());
        }
        Err(OpError::new(Code::E0311, format!("`{word}` has too few pixels for the padding"))
            .at(word)
            .here(format!("a padding of {padding} in {axis}, with an input of {input}"))
            .note(format!("at most {most} can be padded here")))
    }
}

const REFLECT: Flag = Flag { name: "reflect", doc: "mirrors the map at its edge pixels in place of zeros" };
const REPLICATE: Flag = Flag { name: "replicate", doc: "repeats the edge pixels in place of zeros" };
const CIRCULAR: Flag =
    Flag { name: "circular", doc: "continues with the pixels of the opposite side in place of zeros" };

/// `reflect`, `replicate`, `circular`, or zeros.
pub(crate) const BORDER: Field<Border> = Field {
    flags: &[REFLECT, REPLICATE, CIRCULAR],
    ..Field::new(
        |field, bound| {
            Ok(match one_of(bound, field.flags)? {
                Some("reflect") => Border::Reflect,
                Some("replicate") => Border::Replicate,
                Some(_) => Border::Circular,
                None => Border::Zeros,
            })
        },
        |_, border, bound| {
            if *border != Border::Zeros {
                bound.set_flag(border.word());
            }
        },
    )
};
