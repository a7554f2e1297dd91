//! The matrix unit of Intel's AMX: eight registers ("tiles") of sixteen rows of 64 bytes; `tdpbf16ps` multiplies two of
//! them, 16×32 and 32×16 bf16, and adds the products to a third one of 16×16 f32.
//!
//! Four tiles hold the sums of two tiles of positions with two tiles of filters; the other four are loaded with parts. A
//! step takes 24 products for 14 loads with six products a multiplication, 12 for 8 with three, 4 for 4 with one.
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::*;

use crate::lower::Products;

use super::super::tile_state::TileState;
use super::unit::{Line, MatrixUnit, Sums, Tiles};

pub(super) struct Amx;

impl MatrixUnit for Amx {
    type Ready = TileState;

    fn ready() -> TileState {
        TileState::configure()
    }

    unsafe fn split(parts: usize, line: &Line) {
        // SAFETY: the caller's promise; an executor takes this unit only where these instructions exist.
        unsafe {
            match parts {
                1 => split::<1>(line),
                2 => split::<2>(line),
                _ => split::<3>(line),
            }
        }
    }

    unsafe fn multiply(products: Products, tiles: &Tiles<'_>, sums: &mut Sums) {
        // SAFETY: the caller's promise.
        unsafe {
            match products {
                Products::One => multiply_one(tiles, sums),
                Products::Three => multiply_three(tiles, sums),
                Products::Six => multiply_six(tiles, sums),
            }
        }
    }
}

/// # Safety
/// As [`MatrixUnit::split`]; the machine has the instructions.
#[target_feature(enable = "avx512f,avx512vl,avx512bf16")]
unsafe fn split<const PARTS: usize>(line: &Line) {
    let mask = ((1u32 << line.lanes) - 1) as u16;
    let (mut from, mut to) = (line.from, line.to);
    for _ in 0..line.count {
        // SAFETY: the caller promises the lanes of the mask, and sixteen lanes of each part.
        unsafe {
            let mut rest = _mm512_maskz_loadu_ps(mask, from);
            for part in 0..PARTS {
                let bits: __m256i = std::mem::transmute(_mm512_cvtneps_pbh(rest));
                _mm256_storeu_si256(to.wrapping_add(part.wrapping_mul(line.part)).cast(), bits);
                if part + 1 < PARTS {
                    let value = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits));
                    rest = _mm512_sub_ps(rest, _mm512_castsi512_ps(value));
                }
            }
        }
        from = from.wrapping_add(line.step);
        to = to.wrapping_add(line.pixel);
    }
}

/// A function that sums all steps. `p0` and `p1` are the positions of the step, in part 0 of the values at first.
macro_rules! multiply {
    ($name:ident, $bytes:literal, $($step:literal)*) => {
        /// # Safety
        /// As [`MatrixUnit::multiply`]; the machine has the unit.
        unsafe fn $name(tiles: &Tiles<'_>, sums: &mut Sums) {
            let steps = tiles.steps.as_ptr_range();
            // SAFETY: the caller promises that the tiles can be read at each step, and that they are configured as
            // sixteen rows of 64 bytes; the sums have room for four. No other code uses tile registers.
            unsafe {
                asm!(
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tilezero tmm2",
                    "tilezero tmm3",
                    "2:",
                    "mov {p1}, [{step}]",
                    "lea {p0}, [{a0} + {p1}]",
                    "add {p1}, {a1}",
                    $($step,)*
                    concat!("add {b0}, ", $bytes),
                    concat!("add {b1}, ", $bytes),
                    "add {step}, 8",
                    "cmp {step}, {end}",
                    "jne 2b",
                    "tilestored [{sums} + {row}*1], tmm0",
                    "tilestored [{sums} + {row}*1 + 1024], tmm1",
                    "tilestored [{sums} + {row}*1 + 2048], tmm2",
                    "tilestored [{sums} + {row}*1 + 3072], tmm3",
                    p0 = out(reg) _,
                    p1 = out(reg) _,
                    a0 = in(reg) tiles.positions[0],
                    a1 = in(reg) tiles.positions[1],
                    b0 = inout(reg) tiles.filters[0] => _,
                    b1 = inout(reg) tiles.filters[1] => _,
                    pixel = in(reg) tiles.pixel,
                    part = in(reg) tiles.part,
                    row = in(reg) 64usize,
                    step = inout(reg) steps.start => _,
                    end = in(reg) steps.end,
                    sums = in(reg) sums.all_mut(),
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

multiply!(multiply_one, "1024",
    "/* {part} */"
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tileloadd tmm6, [{b0} + {row}*1]"
    "tileloadd tmm7, [{b1} + {row}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
);

// a·b′, a·a′, b·a′.
multiply!(multiply_three, "2048",
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tileloadd tmm6, [{b0} + {row}*1 + 1024]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1 + 1024]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "prefetcht0 [{b0} + 4096]"
    "prefetcht0 [{b0} + 4160]"
    "prefetcht0 [{b0} + 4224]"
    "prefetcht0 [{b0} + 4288]"
    "tileloadd tmm6, [{b0} + {row}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "add {p0}, {part}"
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "add {p1}, {part}"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
);

// c·a′, b·a′, b·b′, a·b′, a·c′, a·a′.
multiply!(multiply_six, "3072",
    "lea {p0}, [{p0} + {part}*2]"
    "lea {p1}, [{p1} + {part}*2]"
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tileloadd tmm6, [{b0} + {row}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "sub {p0}, {part}"
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "sub {p1}, {part}"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "tileloadd tmm6, [{b0} + {row}*1 + 1024]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1 + 1024]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "sub {p0}, {part}"
    "tileloadd tmm4, [{p0} + {pixel}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "sub {p1}, {part}"
    "tileloadd tmm5, [{p1} + {pixel}*1]"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "tileloadd tmm6, [{b0} + {row}*1 + 2048]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1 + 2048]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
    "tileloadd tmm6, [{b0} + {row}*1]"
    "tdpbf16ps tmm0, tmm4, tmm6"
    "tileloadd tmm7, [{b1} + {row}*1]"
    "tdpbf16ps tmm1, tmm4, tmm7"
    "tdpbf16ps tmm2, tmm5, tmm6"
    "tdpbf16ps tmm3, tmm5, tmm7"
);
