//! Local response normalisation (Krizhevsky et al. 2012): the squares of all channels at a
//! position are stored contiguously, so the sum over a window of channels is a sum of shifted vectors.
#![allow(unsafe_code)]

use crate::lower::{LANES, Step, Tensor, lrn_radius};
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
        // SAFETY: the plan gives each thread as many elements of scratch memory.
        let squares = unsafe { self.scratch.slice_mut(0, padded + 2 * radius) };
        squares[..radius].fill(0.0);
        squares[radius + padded..].fill(0.0);
        let (k, alpha) = (V::splat(lrn.k as f32), V::splat(lrn.factor() as f32));
        let start = |tensor: &Tensor| tensor.offset + tensor.layout.at(self.picture, 0, self.row);
        let (from, to) = (start(input), start(output));
        for column in 0..output.layout.width {
            let source = |block: usize| self.arena.at(from + block * input.layout.block() + column * LANES);
            for block in 0..padded / LANES {
                // SAFETY: blocks of the input can be read, and the squares have room for all blocks.
                unsafe {
                    let value = V::load(source(block));
                    value.mul(value).store(squares.as_mut_ptr().wrapping_add(radius + block * LANES));
                }
            }
            // Lanes behind the last channel do not count as neighbours.
            squares[radius + channels..radius + padded].fill(0.0);
            for block in 0..padded / LANES {
                // SAFETY: as above; no other task writes this row.
                unsafe {
                    let window = squares.as_ptr().wrapping_add(block * LANES);
                    let mut sum = V::splat(0.0);
                    for shift in 0..=2 * radius {
                        sum = sum.add(V::load(window.wrapping_add(shift)));
                    }
                    let base = k.mac(alpha, sum);
                    let target = self.arena.at(to + block * output.layout.block() + column * LANES);
                    V::load(source(block)).div(power(base, lrn.beta)).store(target);
                }
            }
        }
    }
}

/// `base` to the power of `beta`: by square roots for the usual ¾ and ½.
#[inline(always)]
fn power<V: Lanes>(base: V, beta: f64) -> V {
    if beta == 0.75 {
        let root = base.sqrt();
        return root.mul(root.sqrt());
    }
    if beta == 0.5 {
        return base.sqrt();
    }
    let mut lanes = [0.0f32; LANES];
    // SAFETY: there are sixteen lanes.
    unsafe {
        base.store(lanes.as_mut_ptr());
        lanes.iter_mut().for_each(|lane| *lane = f64::from(*lane).powf(beta) as f32);
        V::load(lanes.as_ptr())
    }
}
