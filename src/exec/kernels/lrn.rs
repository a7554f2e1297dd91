//! Local response normalisation (Krizhevsky et al. 2012): the squares of all channels at a
//! position are stored contiguously, so the sum over a window of channels is a sum of shifted vectors.
#![allow(unsafe_code)]

use crate::lower::{LANES, LRN_POSITIONS, Step, Tensor, lrn_position, lrn_radius};
use crate::ops::Lrn;

use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

pub(super) struct Normalisation {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    lrn: Lrn,
    phases: [usize; 1],
}

impl Normalisation {
    pub(super) fn new(isa: Isa, step: &Step, lrn: &Lrn, batch: usize) -> Normalisation {
        let phases = [batch * step.output.layout.height];
        Normalisation { isa, input: step.inputs[0], output: step.output, lrn: lrn.clone(), phases }
    }
}

impl CompiledStep for Normalisation {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, scratch: &Memory) {
        let height = self.output.layout.height;
        let (picture, row) = (task / height, task % height);
        if row == 0 {
            for block in 0..(self.output.shape.channels() as usize).div_ceil(LANES) {
                // SAFETY: no other task has the first row.
                unsafe { halo::clear(arena, &self.output, picture, block) };
            }
        }
        with(self.isa, Row { of: self, arena, scratch, picture, row });
    }
}

struct Row<'a> {
    of: &'a Normalisation,
    arena: &'a Memory,
    scratch: &'a Memory,
    picture: usize,
    row: usize,
}

impl Body for Row<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Normalisation { input, output, lrn, .. } = self.of;
        let channels = output.shape.channels() as usize;
        let padded = channels.next_multiple_of(LANES);
        let radius = lrn_radius(lrn.size, padded);
        let position = lrn_position(lrn.size, channels);
        // SAFETY: the plan gives each thread as many elements of scratch memory.
        let squares = unsafe { self.scratch.slice_mut(0, position * LRN_POSITIONS) };
        squares.fill(0.0);
        let (k, alpha) = (V::splat(lrn.k as f32), V::splat(lrn.factor() as f32));
        let start =
            |tensor: &Tensor| self.arena.at(tensor.offset + tensor.layout.at(self.picture, 0, self.row));
        let (from, to) = (start(input).cast_const(), start(output));
        let (from_block, to_block) = (input.layout.block(), output.layout.block());
        let width = output.layout.width;
        for column in (0..width).step_by(LRN_POSITIONS) {
            let positions = LRN_POSITIONS.min(width - column);
            let (from, to) = (from.wrapping_add(column * LANES), to.wrapping_add(column * LANES));
            // What is read has long been stored: a load that overlaps two stores waits until both are in the cache.
            for (index, squares) in squares.chunks_exact_mut(position).take(positions).enumerate() {
                let mut source = from.wrapping_add(index * LANES);
                for block in squares[radius..radius + padded].chunks_exact_mut(LANES) {
                    // SAFETY: blocks of the input can be read, and there is room for each.
                    unsafe {
                        let value = V::load(source);
                        value.mul(value).store(block.as_mut_ptr());
                    }
                    source = source.wrapping_add(from_block);
                }
                // Lanes behind the last channel do not count as neighbours.
                squares[radius + channels..radius + padded].fill(0.0);
            }
            for (index, squares) in squares.chunks_exact(position).take(positions).enumerate() {
                let mut source = from.wrapping_add(index * LANES);
                let mut target = to.wrapping_add(index * LANES);
                let mut window = squares.as_ptr();
                for _ in 0..padded / LANES {
                    // SAFETY: as above; no other task writes this row.
                    unsafe {
                        let mut sum = V::load(window);
                        for shift in 1..=2 * radius {
                            sum = sum.add(V::load(window.wrapping_add(shift)));
                        }
                        let base = k.mac(alpha, sum);
                        over_power(V::load(source), base, lrn.beta).store(target);
                    }
                    source = source.wrapping_add(from_block);
                    target = target.wrapping_add(to_block);
                    window = window.wrapping_add(LANES);
                }
            }
        }
    }
}

/// Divides by `base` to the power of `beta`: for the usual ¾ and ½ by inverse roots, which take a fraction of the time
/// of roots and a division.
#[inline(always)]
fn over_power<V: Lanes>(value: V, base: V, beta: f64) -> V {
    let inverse = base.inverse_root();
    if beta == 0.75 {
        let result = value.mul(inverse.mul(inverse).mul(inverse.inverse_root()));
        if !result.any_nan() {
            return result;
        }
        let root = base.sqrt();
        return value.div(root.mul(root.sqrt()));
    }
    if beta == 0.5 {
        let result = value.mul(inverse);
        return if result.any_nan() { value.div(base.sqrt()) } else { result };
    }
    let mut lanes = [0.0f32; LANES];
    // SAFETY: there are sixteen lanes.
    unsafe {
        base.store(lanes.as_mut_ptr());
        lanes.iter_mut().for_each(|lane| *lane = f64::from(*lane).powf(beta) as f32);
        value.div(V::load(lanes.as_ptr()))
    }
}
