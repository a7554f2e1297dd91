//! Writes the zeros around a map. The step that writes a map writes its halo as well, because the arena holds other
//! values there before.
#![allow(unsafe_code)]

use crate::lower::{Halo, Tensor};

use super::memory::Memory;

/// Clears the halo around one block of one picture.
///
/// # Safety
/// No other thread accesses the halo meanwhile.
pub(super) unsafe fn clear(arena: &Memory, tensor: &Tensor, picture: usize, block: usize) {
    let layout = &tensor.layout;
    if layout.is_flat() {
        return;
    }
    let Halo { top, bottom, left, right } = layout.halo;
    let (row, lanes) = (layout.row(), layout.lanes);
    let first = tensor.offset + layout.at(picture, block, 0);
    let (left, behind) = (left * lanes, first + layout.width * lanes);
    // SAFETY: the rows above, beside and below the map belong to its storage; the caller keeps others away.
    let zero = |start: usize, len: usize| unsafe { arena.slice_mut(start, len) }.fill(0.0);
    zero(first - left - top * row, top * row + left);
    // What lies behind a row and before the next one is contiguous.
    for line in 1..layout.height {
        zero(behind + (line - 1) * row, right * lanes + left);
    }
    zero(behind + (layout.height - 1) * row, right * lanes + bottom * row);
}
