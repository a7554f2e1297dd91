//! Activations. Those that only clamp are part of the kernels' stores; others are applied in place to values that a
//! kernel has just stored. Exponentials follow Cephes' `expf` (Moshier): the power of two apart,
//! a polynomial of degree 6 for the rest.
#![allow(unsafe_code)]

use crate::ops::{Activation, Function};

use super::lanes::{Body, Isa, Lanes, with};

/// Applied to every result of a kernel: clamp while storing, then an activation in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epilogue {
    /// The range that a kernel clamps its results to as it stores them.
    pub min: f32,
    pub max: f32,
    /// The activation that is applied in place afterwards; none where clamping was all of it.
    pub then: Option<Activation>,
}

impl Epilogue {
    pub(super) fn of(activation: Option<Activation>) -> Epilogue {
        let limits = activation.and_then(|one| one.limits());
        let (min, max) = limits.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        Epilogue { min: min as f32, max: max as f32, then: activation.filter(|_| limits.is_none()) }
    }

    /// Applies the activation to results that were just stored.
    ///
    /// # Safety
    /// `len` elements can be read and written, by nobody else meanwhile.
    pub(super) unsafe fn after(&self, isa: Isa, start: *mut f32, len: usize) {
        if let Some(activation) = &self.then {
            // SAFETY: the caller's promise.
            apply(isa, activation, unsafe { std::slice::from_raw_parts_mut(start, len) });
        }
    }
}

/// Applies an activation to every element.
pub(super) fn apply(isa: Isa, activation: &Activation, values: &mut [f32]) {
    match activation.function {
        Function::Sigmoid | Function::Silu | Function::Tanh | Function::Stanh => {
            with(isa, Curve { function: activation.function, values });
        }
        _ => values.iter_mut().for_each(|value| *value = activation.apply(*value)),
    }
}

struct Curve<'a> {
    function: Function,
    values: &'a mut [f32],
}

impl Body for Curve<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let mut chunks = self.values.chunks_exact_mut(16);
        for chunk in &mut chunks {
            // SAFETY: a chunk has sixteen elements.
            unsafe { curve(self.function, V::load(chunk.as_ptr())).store(chunk.as_mut_ptr()) }
        }
        let rest = chunks.into_remainder();
        let mut lanes = [0.0; 16];
        lanes[..rest.len()].copy_from_slice(rest);
        // SAFETY: there are sixteen lanes.
        unsafe { curve(self.function, V::load(lanes.as_ptr())).store(lanes.as_mut_ptr()) }
        rest.copy_from_slice(&lanes[..rest.len()]);
    }
}

#[inline(always)]
fn curve<V: Lanes>(function: Function, x: V) -> V {
    let one = V::splat(1.0);
    match function {
        Function::Tanh => tanh(x),
        Function::Stanh => V::splat(1.7159).mul(tanh(x.mul(V::splat(2.0 / 3.0)))),
        Function::Silu => x.div(one.add(exp(V::splat(0.0).sub(x)))),
        _ => one.div(one.add(exp(V::splat(0.0).sub(x)))),
    }
}

/// `1 − 2/(e^2x + 1)`; near zero the first terms of the series, which lose no digits.
#[inline(always)]
fn tanh<V: Lanes>(x: V) -> V {
    let one = V::splat(1.0);
    let outer = one.sub(V::splat(2.0).div(exp(x.add(x)).add(one)));
    // For |x| below 1/8: x − x³/3 + 2x⁵/15 − 17x⁷/315.
    let near = x.at_least(V::splat(-0.125)).at_most(V::splat(0.125));
    let square = near.mul(near);
    let series = |x: V| {
        let mut sum = V::splat(2.0 / 15.0).mac(square, V::splat(-17.0 / 315.0));
        sum = V::splat(-1.0 / 3.0).mac(square, sum);
        x.mac(x.mul(square), sum)
    };
    outer.where_equal(near, x, series(near))
}

/// Infinite above 88.4, where the power of two leaves the range.
#[inline(always)]
fn exp<V: Lanes>(x: V) -> V {
    let x = x.at_least(V::splat(-87.3)).at_most(V::splat(88.8));
    let power = x.mul(V::splat(std::f32::consts::LOG2_E)).round();
    // ln 2 in two parts, so that the difference is exact.
    let rest = x.mac(power, V::splat(-0.693_359_4)).mac(power, V::splat(2.121_944_4e-4));
    let mut sum = V::splat(1.398_199_9e-3).mac(rest, V::splat(1.987_569_1e-4));
    for coefficient in [8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = V::splat(coefficient).mac(rest, sum);
    }
    let value = V::splat(1.0).add(rest).mac(rest.mul(rest), sum);
    value.mul(power.exp2_whole())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_those_of_the_definitions() {
        let points: Vec<f32> =
            (-4000..4000).map(|x| x as f32 / 40.0).chain([1e-6, 0.124, 0.126, -0.1]).collect();
        for isa in [Isa::Portable, Isa::Avx2.min(Isa::best()), Isa::best()] {
            for function in [Function::Sigmoid, Function::Silu, Function::Tanh, Function::Stanh] {
                let activation = Activation { function };
                let mut found = points.clone();
                apply(isa, &activation, &mut found);
                for (&x, found) in points.iter().zip(found) {
                    let expected = activation.apply(x);
                    assert!(
                        (found - expected).abs() <= 1e-6 * expected.abs().max(0.1),
                        "{isa:?} {function:?}({x}) = {found}, not {expected}"
                    );
                }
                let limits = [
                    f32::NAN,
                    f32::INFINITY,
                    f32::NEG_INFINITY,
                    f32::MAX,
                    f32::MIN,
                    1e-40,
                    -88.3,
                    -88.5,
                    88.5,
                ];
                for x in limits {
                    let mut found = [x];
                    apply(isa, &activation, &mut found);
                    let expected = activation.apply(x);
                    let same = found[0] == expected || found[0].is_nan() && expected.is_nan();
                    assert!(
                        same || (found[0] - expected).abs() <= 1e-6,
                        "{isa:?} {function:?}({x}) = {}, not {expected}",
                        found[0]
                    );
                }
            }
        }
    }
}
