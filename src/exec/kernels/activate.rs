//! Activations. Those that only clamp are part of the kernels' stores; others are applied in place to values that a
//! kernel has just stored. Exponentials follow Cephes' `expf` (Moshier): the power of two apart,
//! a polynomial of degree 6 for the rest.
#![allow(unsafe_code)]

use crate::ops::{Activation, Function};

use super::lanes::{Body, Isa, Lanes, Portable, TileLanes, with};

/// The epilogue of a kernel: clamps results as they are stored, then applies an activation in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epilogue {
    /// The range that a kernel clamps its results to as it stores them.
    pub min: f32,
    pub max: f32,
    /// What is applied in place afterwards; nothing where the clamp alone computes the activation.
    then: Option<InPlace>,
}

/// How an activation is applied to values in memory.
#[derive(Clone, Copy, Debug)]
enum InPlace {
    /// Sixteen elements at once, by [`curve`].
    Curve(Function),
    /// By the definition, one element at a time.
    Definition(Activation),
}

impl InPlace {
    fn of(activation: Activation) -> InPlace {
        match curve(activation.function, Portable::splat(0.0)) {
            Some(_) => InPlace::Curve(activation.function),
            None => InPlace::Definition(activation),
        }
    }

    fn apply(self, isa: Isa, values: &mut [f32]) {
        match self {
            InPlace::Curve(function) => with(isa, Curve { function, values }),
            InPlace::Definition(activation) => {
                values.iter_mut().for_each(|value| *value = activation.apply(*value))
            }
        }
    }
}

impl Epilogue {
    pub(super) fn of(activation: Option<Activation>) -> Epilogue {
        let limits = activation.and_then(|one| one.limits());
        let (min, max) = limits.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let then = activation.filter(|_| limits.is_none()).map(InPlace::of);
        Epilogue { min: min as f32, max: max as f32, then }
    }

    /// Returns whether nothing is left to do once results are clamped.
    pub(super) fn only_clamps(&self) -> bool {
        self.then.is_none()
    }

    /// Applies the activation to results that were just stored.
    ///
    /// # Safety
    /// `len` elements can be read and written, and no other thread accesses them meanwhile.
    #[inline]
    pub(super) unsafe fn after(&self, isa: Isa, start: *mut f32, len: usize) {
        if let Some(then) = self.then {
            // SAFETY: the caller's promise.
            then.apply(isa, unsafe { std::slice::from_raw_parts_mut(start, len) });
        }
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
            unsafe { curve_of(self.function, V::load(chunk.as_ptr())).store(chunk.as_mut_ptr()) }
        }
        let rest = chunks.into_remainder();
        let mut lanes = [0.0; 16];
        lanes[..rest.len()].copy_from_slice(rest);
        // SAFETY: there are sixteen lanes.
        unsafe { curve_of(self.function, V::load(lanes.as_ptr())).store(lanes.as_mut_ptr()) }
        rest.copy_from_slice(&lanes[..rest.len()]);
    }
}

/// Computes a function that has a [`curve`].
#[inline(always)]
fn curve_of<V: Lanes>(function: Function, x: V) -> V {
    curve(function, x).unwrap_or(x)
}

/// A function of sixteen elements. `None` where only the definition, one element at a time, is exact enough: the
/// vectors have no logarithm, and their `exp` overflows slightly before f32 does.
#[inline(always)]
fn curve<V: Lanes>(function: Function, x: V) -> Option<V> {
    let c = constant::<V>;
    let (zero, one) = (c(0.0), c(1.0));
    Some(match function {
        Function::Relu => x.at_least(zero),
        Function::Relu6 => x.at_least(zero).at_most(c(6.0)),
        Function::Hardtanh => x.at_least(c(-1.0)).at_most(one),
        Function::Clip { min, max } => {
            x.at_least(c(min.unwrap_or(f64::NEG_INFINITY))).at_most(c(max.unwrap_or(f64::INFINITY)))
        }
        Function::Leaky { slope } => above_zero(x, x.mul(c(slope))),
        Function::Elu { scale } => above_zero(x, c(scale).mul(exp(x).sub(one))),
        Function::Celu { scale } if scale > 0.0 => above_zero(x, c(scale).mul(exp(x.div(c(scale))).sub(one))),
        Function::Selu => {
            let below = c(1.673_263_242_354_377_2).mul(exp(x).sub(one));
            c(1.050_700_987_355_480_5).mul(above_zero(x, below))
        }
        Function::Sigmoid => one.div(one.add(exp(zero.sub(x)))),
        Function::Silu => x.div(one.add(exp(zero.sub(x)))),
        Function::QuickGelu => x.div(one.add(exp(x.mul(c(-1.702))))),
        Function::Tanh => tanh(x),
        Function::Stanh => c(1.7159).mul(tanh(x.mul(c(2.0 / 3.0)))),
        Function::Gelu { approx: false } => gelu(x),
        Function::Gelu { approx: true } => {
            let cubic = x.mac(c(0.044715), x.mul(x).mul(x));
            let bell = tanh(cubic.mul(c((2.0 / std::f64::consts::PI).sqrt())));
            x.mul(c(0.5)).mul(one.add(bell))
        }
        Function::HardSigmoid { slope } => {
            let scaled = match slope {
                None => x.div(c(6.0)),
                Some(slope) => x.mul(c(slope)),
            };
            scaled.add(c(0.5)).at_least(zero).at_most(one)
        }
        Function::HardSwish => x.mul(x.div(c(6.0)).add(c(0.5)).at_least(zero).at_most(one)),
        // tanh(ln(1 + e)) = (e² + 2e)/(e² + 2e + 2), which is 1 from e²⁰ on.
        Function::Mish => {
            let e = exp(x.at_most(c(20.0)));
            let ratio = e.mul(e.add(c(2.0)));
            x.mul(ratio.div(ratio.add(c(2.0))))
        }
        Function::Softsign => x.div(one.add(x.at_least(zero.sub(x)))),
        Function::Abs => x.at_least(zero.sub(x)),
        Function::Square => x.mul(x),
        Function::Sqrt => x.sqrt(),
        Function::Neg => x.mul(c(-1.0)),
        Function::Times { factor } => x.mul(c(factor)),
        Function::Plus { summand } => x.add(c(summand)),
        _ => return None,
    })
}

/// Sixteen times a constant.
#[inline(always)]
fn constant<V: Lanes>(value: f64) -> V {
    V::splat(value as f32)
}

/// `x` where it is at least zero, else `below`, also of NaN.
#[inline(always)]
fn above_zero<V: Lanes>(x: V, below: V) -> V {
    below.where_equal(x.at_least(V::splat(0.0)), x, x)
}

/// `x/2 · (1 + erf(x/√2))`, computed from the complementary error function e(z) = 1 − erf(z), whose fit has a relative
/// error of 1.2e-7 also where e is small (Press et al., Numerical Recipes, section 6.2): negative numbers take e(−z),
/// others 2 − e(z).
#[inline(always)]
fn gelu<V: Lanes>(x: V) -> V {
    const FIT: [f32; 9] = [
        -0.822_152_23,
        1.488_515_9,
        -1.135_204,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_7,
        -1.265_512_2,
    ];
    let (zero, half) = (V::splat(0.0), V::splat(0.5));
    let z = x.at_least(zero.sub(x)).mul(V::splat(std::f32::consts::FRAC_1_SQRT_2));
    let t = V::splat(1.0).div(V::splat(1.0).mac(half, z));
    let mut sum = V::splat(0.170_872_77);
    for coefficient in FIT {
        sum = V::splat(coefficient).mac(t, sum);
    }
    let complement = t.mul(exp(sum.sub(z.mul(z))));
    let bell = V::splat(2.0).sub(complement).where_equal(x.at_most(zero), x, complement);
    x.mul(half).mul(bell)
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

/// `eˣ`: infinite above 88.4, where the power of two leaves the range; zero below −87.3.
#[inline(always)]
fn exp<V: Lanes>(x: V) -> V {
    let least = V::splat(-87.3);
    let x = x.at_least(least).at_most(V::splat(88.8));
    let power = x.mul(V::splat(std::f32::consts::LOG2_E)).round();
    // ln 2 in two parts, so that the difference is exact.
    let rest = x.mac(power, V::splat(-0.693_359_4)).mac(power, V::splat(2.121_944_4e-4));
    let mut sum = V::splat(1.398_199_9e-3).mac(rest, V::splat(1.987_569_1e-4));
    for coefficient in [8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = V::splat(coefficient).mac(rest, sum);
    }
    let value = V::splat(1.0).add(rest).mac(rest.mul(rest), sum);
    value.mul(power.exp2_whole()).where_equal(x, least, V::splat(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTIONS: [Function; 29] = [
        Function::Relu,
        Function::Relu6,
        Function::Hardtanh,
        Function::Clip { min: Some(-0.5), max: None },
        Function::Leaky { slope: 0.2 },
        Function::Elu { scale: 0.5 },
        Function::Celu { scale: 0.7 },
        Function::Celu { scale: -0.7 },
        Function::Selu,
        Function::Sigmoid,
        Function::Silu,
        Function::QuickGelu,
        Function::Tanh,
        Function::Stanh,
        Function::Gelu { approx: false },
        Function::Gelu { approx: true },
        Function::HardSigmoid { slope: None },
        Function::HardSigmoid { slope: Some(0.2) },
        Function::HardSwish,
        Function::Mish,
        Function::Softsign,
        Function::Softplus,
        Function::Abs,
        Function::Square,
        Function::Sqrt,
        Function::Exp,
        Function::Log,
        Function::Neg,
        Function::Times { factor: -1.5 },
    ];

    #[test]
    fn curves_are_those_of_the_definitions() {
        let points: Vec<f32> =
            (-4000..4000).map(|x| x as f32 / 40.0).chain([1e-6, 0.124, 0.126, -0.1]).collect();
        for isa in [Isa::Portable, Isa::Avx2.min(Isa::best()), Isa::best()] {
            for function in FUNCTIONS {
                let activation = Activation { function };
                // 1 + tanh of a large negative number is rounded at 1, by the definition as well.
                let least = if matches!(function, Function::Gelu { approx: true }) { 0.5 } else { 0.25 };
                let mut found = points.clone();
                InPlace::of(activation).apply(isa, &mut found);
                for (&x, found) in points.iter().zip(found) {
                    let expected = activation.apply(x);
                    assert!(
                        (found - expected).abs() <= 1e-6 * expected.abs().max(least)
                            || found == expected
                            || found.is_nan() && expected.is_nan(),
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
                    InPlace::of(activation).apply(isa, &mut found);
                    let expected = activation.apply(x);
                    let same = found[0] == expected || found[0].is_nan() && expected.is_nan();
                    assert!(
                        same || (found[0] - expected).abs() <= 1e-6 * expected.abs().max(1.0),
                        "{isa:?} {function:?}({x}) = {}, not {expected}",
                        found[0]
                    );
                }
            }
        }
    }
}
