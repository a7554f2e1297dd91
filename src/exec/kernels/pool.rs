//! Pooling, sixteen channels at once. Windows are clipped to the map in advance, so the map needs no halo.
//!
//! Neighbouring windows of two or three columns that are not clipped are computed one behind the other: each column of
//! inputs is reduced once, for all windows that contain it.
#![allow(unsafe_code)]

use std::ops::Range;

use crate::lower::{LANES, Step, Tensor};
use crate::ops::{Pool, Reduction, Region, adaptive_bounds};
use crate::tensor::Window;

use super::CompiledStep;
use super::bands::{Band, Bands};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;

/// The number of rows of a task.
const ROWS: usize = 14;

/// The input positions of one window along an axis, from `first`, `step` apart, and the number of taps in its divisor.
struct Taps {
    first: usize,
    count: usize,
    step: usize,
    declared: usize,
}

pub(super) struct Pooling {
    isa: Isa,
    reduction: Reduction,
    rows: Vec<Taps>,
    columns: Vec<Taps>,
    alike: Alike,
    input: Tensor,
    output: Tensor,
    bands: Bands,
    phases: [usize; 1],
}

impl Pooling {
    pub(super) fn new(isa: Isa, step: &Step, pool: &Pool, batch: usize) -> Pooling {
        let (input, output) = (step.inputs[0], step.output);
        let (height, width) = input.shape.extent();
        let (out_height, out_width) = output.shape.extent();
        let (rows, columns) = match pool.region {
            Region::Sliding(sliding) => {
                let (rows, columns) = sliding.windows((height, width));
                (sliding_taps(rows, height, out_height), sliding_taps(columns, width, out_width))
            }
            Region::Global => (adaptive_taps(height, 1), adaptive_taps(width, 1)),
            Region::Adaptive(down, across) => (adaptive_taps(height, down), adaptive_taps(width, across)),
        };
        let bands = Bands::of_rows(&output, ROWS);
        let phases = [bands.tasks(batch)];
        let alike = Alike::among(&columns);
        Pooling { isa, reduction: pool.reduction, rows, columns, alike, input, output, bands, phases }
    }
}

impl CompiledStep for Pooling {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        // SAFETY: the executor runs each task once, and only this step's tasks access the output meanwhile.
        let band = unsafe { self.bands.begin(task, arena, &self.output) };
        with(self.isa, Rows { of: self, arena, band });
    }
}

struct Rows<'a> {
    of: &'a Pooling,
    arena: &'a Memory,
    band: Band,
}

impl Body for Rows<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        match self.of.reduction {
            Reduction::Max => self.rows::<V, true>(),
            Reduction::Average | Reduction::AverageWithPadding => self.rows::<V, false>(),
        }
    }
}

/// Calls the code for windows of fixed sizes; `$else` for any others.
macro_rules! sizes {
    ($of:expr, $size:expr, $to:expr, $run:expr; $($rows:literal x $columns:literal / $stride:literal)*; $else:expr) => {
        match $size {
            $(($rows, $columns, $stride) => $of.unclipped::<V, MAX, $rows, $columns, $stride>($to, $run),)*
            _ => $else,
        }
    };
}

impl Rows<'_> {
    #[inline(always)]
    fn rows<V: Lanes, const MAX: bool>(&self) {
        let Pooling { rows, columns, input, output, alike, .. } = self.of;
        let Band { picture, block, rows: ref of_band } = self.band;
        let source: *const f32 = self.arena.at(input.offset + input.layout.at(picture, block, 0));
        for (row, down) in of_band.clone().zip(&rows[of_band.clone()]) {
            let from = source.wrapping_add(down.first * input.layout.row());
            let to = self.arena.at(output.offset + output.layout.at(picture, block, row));
            let run = Run { from, down, columns: &columns[alike.columns.clone()] };
            let size = if down.step == 1 { (down.count, alike.taps, alike.stride) } else { (0, 0, 0) };
            let unclipped = to.wrapping_add(alike.columns.start * LANES);
            // SAFETY: taps lie inside the input, and no other task writes this row.
            unsafe {
                sizes!(self, size, unclipped, run;
                    1 x 2 / 1  2 x 2 / 1  1 x 2 / 2  2 x 2 / 2
                    1 x 3 / 1  2 x 3 / 1  3 x 3 / 1  1 x 3 / 2  2 x 3 / 2  3 x 3 / 2;
                    self.any::<V, MAX>(unclipped, run));
                for clipped in [0..alike.columns.start, alike.columns.end..columns.len()] {
                    let run = Run { from, down, columns: &columns[clipped.clone()] };
                    self.any::<V, MAX>(to.wrapping_add(clipped.start * LANES), run);
                }
            }
        }
    }

    /// Computes windows of any columns.
    ///
    /// # Safety
    /// The windows can be read, and the outputs from `to` on can be written.
    #[inline(always)]
    unsafe fn any<V: Lanes, const MAX: bool>(&self, to: *mut f32, run: Run<'_>) {
        let line = self.of.input.layout.row();
        for (index, across) in run.columns.iter().enumerate() {
            let start = run.from.wrapping_add(across.first * LANES);
            let mut result = V::splat(if MAX { f32::NEG_INFINITY } else { 0.0 });
            for y in 0..run.down.count {
                for x in 0..across.count {
                    let from = start.wrapping_add(y * run.down.step * line + x * across.step * LANES);
                    // SAFETY: the caller's promise.
                    result = joined::<V, MAX>(result, unsafe { V::load(from) });
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.divided(result, run.down, across).store(to.wrapping_add(index * LANES)) };
        }
    }

    /// Computes windows of `ROWS` rows and `COLUMNS` columns side by side, the first of each `STRIDE` behind that of the
    /// one before.
    ///
    /// # Safety
    /// As for [`Rows::any`].
    #[inline(always)]
    unsafe fn unclipped<
        V: Lanes,
        const MAX: bool,
        const ROWS: usize,
        const COLUMNS: usize,
        const STRIDE: usize,
    >(
        &self,
        to: *mut f32,
        run: Run<'_>,
    ) {
        let line = self.of.input.layout.row();
        let Some(first) = run.columns.first() else { return };
        let mut next = run.from.wrapping_add(first.first * LANES);
        let mut seen = [V::splat(0.0); COLUMNS];
        for value in seen.iter_mut().skip(STRIDE) {
            // SAFETY: the caller's promise.
            *value = unsafe { column::<V, MAX, ROWS>(next, line) };
            next = next.wrapping_add(LANES);
        }
        let mut to = to;
        for _ in run.columns {
            seen.rotate_left(STRIDE % COLUMNS);
            for value in &mut seen[COLUMNS - STRIDE..] {
                // SAFETY: as above.
                *value = unsafe { column::<V, MAX, ROWS>(next, line) };
                next = next.wrapping_add(LANES);
            }
            let mut result = seen[0];
            for &value in &seen[1..] {
                result = joined::<V, MAX>(result, value);
            }
            // SAFETY: the caller's promise.
            unsafe { self.divided(result, run.down, first).store(to) };
            to = to.wrapping_add(LANES);
        }
    }

    /// Divides the sum over a window by the number of its taps.
    #[inline(always)]
    fn divided<V: Lanes>(&self, sum: V, down: &Taps, across: &Taps) -> V {
        match self.of.reduction {
            Reduction::Max => sum,
            Reduction::Average => sum.div(V::splat((down.count * across.count) as f32)),
            Reduction::AverageWithPadding => sum.div(V::splat((down.declared * across.declared) as f32)),
        }
    }
}

/// Joins the inputs of a column of a window: `ROWS` vectors from `from` on, `line` elements apart.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn column<V: Lanes, const MAX: bool, const ROWS: usize>(from: *const f32, line: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let mut result = V::load(from);
        for row in 1..ROWS {
            result = joined::<V, MAX>(result, V::load(from.wrapping_add(row.wrapping_mul(line))));
        }
        result
    }
}

/// The greater of two values, or their sum.
#[inline(always)]
fn joined<V: Lanes, const MAX: bool>(a: V, b: V) -> V {
    if MAX { a.greater(b) } else { a.add(b) }
}

/// Some windows of one row of outputs.
struct Run<'a> {
    /// The first input of the rows that they see.
    from: *const f32,
    down: &'a Taps,
    columns: &'a [Taps],
}

/// The columns whose windows have equally many taps side by side, equally far from one another.
struct Alike {
    columns: Range<usize>,
    taps: usize,
    stride: usize,
}

impl Alike {
    /// The longest run of such columns behind the clipped ones on the left.
    fn among(columns: &[Taps]) -> Alike {
        let most = columns.iter().map(|one| one.count).max().unwrap_or(0);
        let start = columns.iter().position(|one| one.count == most).unwrap_or(0);
        let stride = columns.get(start + 1).map_or(1, |second| second.first - columns[start].first);
        let follows = |index: &usize| {
            let one = &columns[*index];
            let declared = columns[start].declared;
            one.step == 1
                && (one.count, one.declared) == (most, declared)
                && one.first == columns[start].first + (index - start) * stride
        };
        let len = (start..columns.len()).take_while(follows).count();
        Alike { columns: start..start + len, taps: most, stride }
    }
}

fn sliding_taps(window: Window, input: u64, outputs: u64) -> Vec<Taps> {
    let one = |index| {
        let inside = window.taps_inside(index, input);
        let end = (input + window.pad_after) as i64;
        Taps {
            first: window.position(index, inside.start).max(0) as usize,
            count: (inside.end - inside.start) as usize,
            step: window.dilation as usize,
            declared: (0..window.kernel).filter(|&tap| window.position(index, tap) < end).count(),
        }
    };
    (0..outputs).map(one).collect()
}

fn adaptive_taps(input: u64, outputs: u64) -> Vec<Taps> {
    let one = |index| {
        let (first, end) = adaptive_bounds(index, input, outputs);
        Taps {
            first: first as usize,
            count: (end - first) as usize,
            step: 1,
            declared: (end - first) as usize,
        }
    };
    (0..outputs).map(one).collect()
}
