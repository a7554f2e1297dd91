//! The matrices that transform inputs and products, as sums with common parts taken out.

use crate::exec::kernels::lanes::Lanes;

/// The transform along an axis in which the kernel has one tap.
#[inline(always)]
pub(super) fn unchanged<V: Lanes>(values: [V; 1]) -> [V; 1] {
    values
}

/// Bᵀ with the rows (−1, 0, 1, 0), (0, 1, 1, 0), (0, −1, 1, 0), (0, −1, 0, 1).
#[inline(always)]
pub(super) fn input_of_four<V: Lanes>(d: [V; 4]) -> [V; 4] {
    [d[2].sub(d[0]), d[1].add(d[2]), d[2].sub(d[1]), d[3].sub(d[1])]
}

/// Aᵀ with the rows (1, 1, 1, 0), (0, 1, −1, 1).
#[inline(always)]
pub(super) fn two_of_four<V: Lanes>(m: [V; 4]) -> [V; 2] {
    [m[0].add(m[1]).add(m[2]), m[1].sub(m[2]).add(m[3])]
}

/// Bᵀ with the rows (1, −3/2, −2, 3/2, 1, 0), (0, −1, 1/2, 5/2, 1, 0), (0, 1, −5/2, 1/2, 1, 0),
/// (0, −2, −1, 2, 1, 0), (0, 1/2, −1, −1/2, 1, 0), (0, 1, −3/2, −2, 3/2, 1).
#[inline(always)]
pub(super) fn input_of_six<V: Lanes>(d: [V; 6]) -> [V; 6] {
    let constant = V::splat;
    let (even, odd) = (d[4].sub(d[2]), d[3].sub(d[1]));
    [
        d[0].sub(d[2]).add(even).mac(odd, constant(1.5)),
        d[4].sub(d[1]).mac(d[2], constant(0.5)).mac(d[3], constant(2.5)),
        d[4].add(d[1]).mac(d[2], constant(-2.5)).mac(d[3], constant(0.5)),
        even.mac(odd, constant(2.0)),
        even.mac(odd, constant(-0.5)),
        d[5].sub(d[3]).sub(odd).mac(even, constant(1.5)),
    ]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 0), (0, 1, −1, 1/2, −2, 1).
#[inline(always)]
pub(super) fn two_of_six<V: Lanes>(m: [V; 6]) -> [V; 2] {
    let constant = V::splat;
    [
        m[0].add(m[1].add(m[2])).add(m[3]).add(m[4]),
        m[1].sub(m[2]).add(m[5]).mac(m[3], constant(0.5)).mac(m[4], constant(-2.0)),
    ]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 0), (0, 1, −1, 1/2, −2, 0), (0, 1, 1, 1/4, 4, 0), (0, 1, −1, 1/8, −8, 1).
#[inline(always)]
pub(super) fn four_of_six<V: Lanes>(m: [V; 6]) -> [V; 4] {
    let constant = V::splat;
    let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
    [
        m[0].add(sum).add(m[3]).add(m[4]),
        difference.mac(m[3], constant(0.5)).mac(m[4], constant(-2.0)),
        sum.mac(m[3], constant(0.25)).mac(m[4], constant(4.0)),
        difference.add(m[5]).mac(m[3], constant(0.125)).mac(m[4], constant(-8.0)),
    ]
}

/// Bᵀ for 0, ±1, ±2, ±½, −⅘ and ∞. Over neighbours, `u = d₊ + ⅘ d`, it is that of the other points. There the rows of
/// p and −p are `E + p O` and `E − p O`, where E and O are the even and odd inputs over the other two pairs.
#[inline(always)]
pub(super) fn input_of_nine<V: Lanes>(d: [V; 9]) -> [V; 9] {
    let constant = V::splat;
    let neighbours = |index: usize| d[index + 1].mac(d[index], constant(0.8));
    let u: [V; 8] = [
        neighbours(0),
        neighbours(1),
        neighbours(2),
        neighbours(3),
        neighbours(4),
        neighbours(5),
        neighbours(6),
        neighbours(7),
    ];
    // (x² − 1)(x² − 4)(x² − ¼) = x⁶ − 21/4 x⁴ + 21/4 x² − 1
    let pairs = |none: V, two: V, four: V, six: V| six.sub(none).mac(two.sub(four), constant(5.25));
    let pair = |point: f32, sum: f32, product: f32| {
        let others = |none: V, two: V, four: V| four.mac(two, constant(-sum)).mac(none, constant(product));
        let (even, odd) = (others(u[2], u[4], u[6]), others(u[1], u[3], u[5]));
        (even.mac(odd, constant(point)), even.mac(odd, constant(-point)))
    };
    let (one, minus_one) = pair(1.0, 4.25, 1.0);
    let (two, minus_two) = pair(2.0, 1.25, 0.25);
    let (half, minus_half) = pair(0.5, 5.0, 4.0);
    let zero = pairs(u[0], u[2], u[4], u[6]);
    let ninth = pairs(d[1], d[3], d[5], d[7]);
    let infinity = pairs(u[1], u[3], u[5], u[7]);
    [zero, one, minus_one, two, minus_two, half, minus_half, ninth, infinity]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 1, 1, 1, 0), (0, 1, −1, 2, −2, ½, −½, −⅘, 0), (0, 1, 1, 4, 4, ¼, ¼, 16/25, 1).
#[inline(always)]
pub(super) fn three_of_nine<V: Lanes>(m: [V; 9]) -> [V; 3] {
    let constant = V::splat;
    let (one, two, half) = (m[1].add(m[2]), m[3].add(m[4]), m[5].add(m[6]));
    let (one_apart, two_apart, half_apart) = (m[1].sub(m[2]), m[3].sub(m[4]), m[5].sub(m[6]));
    [
        m[0].add(one).add(two).add(half).add(m[7]),
        one_apart.mac(two_apart, constant(2.0)).mac(half_apart, constant(0.5)).mac(m[7], constant(-0.8)),
        one.add(m[8]).mac(two, constant(4.0)).mac(half, constant(0.25)).mac(m[7], constant(0.64)),
    ]
}
