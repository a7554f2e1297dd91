//! Copies a strip of the input as parts of bf16. Zeros stand for what lies outside of the map, whatever the map has
//! around it in memory, and for channels behind the last one.
#![allow(unsafe_code)]

use std::ops::Range;

use crate::lower::LANES;
use crate::lower::strips::{STEP, is_dense};

use super::super::memory::Memory;
use super::unit::{Line, MatrixUnit};
use super::{MatrixConv, Rows};

impl<U: MatrixUnit> MatrixConv<U> {
    /// Copies what some rows of outputs read, of a range of blocks of 32 channels.
    ///
    /// # Safety
    /// The target has room for a strip, and nobody else uses these blocks of it meanwhile.
    pub(super) unsafe fn copy(&self, arena: &Memory, rows: Rows, to: *mut u8, blocks: Range<usize>) {
        let MatrixConv { strips, tensors, convolution, .. } = self;
        let stride = convolution.rows.stride as usize;
        let height = tensors.input.layout.height;
        let (down, across) = (strips.down.remainders.len(), strips.across.remainders.len());
        let row_len = strips.pitch * strips.pixel;
        for block in blocks {
            for (index, remainder) in strips.down.remainders.iter().enumerate() {
                let plane = to.wrapping_add((block * down + index) * across * strips.plane);
                for row in 0..rows.count + strips.down.reach {
                    let source = ((rows.first + row) * stride + remainder)
                        .checked_sub(convolution.rows.pad_before as usize)
                        .filter(|&source| source < height);
                    let line = plane.wrapping_add(row * row_len);
                    // SAFETY: the caller's promise; the row lies in its planes.
                    unsafe {
                        match source {
                            None => self.clear_row(line),
                            Some(source) if is_dense(&tensors.input) => {
                                self.copy_dense(arena, (rows.picture, source), line);
                            }
                            Some(source) => self.copy_blocked(arena, (rows.picture, source), block, line),
                        }
                    }
                }
            }
        }
    }

    /// Writes zeros to a row of each plane along the width.
    ///
    /// # Safety
    /// As [`MatrixConv::copy`].
    unsafe fn clear_row(&self, line: *mut u8) {
        let len = self.strips.pitch * self.strips.pixel;
        if is_dense(&self.tensors.input) {
            for part in 0..self.strips.parts {
                // SAFETY: the caller's promise.
                unsafe { clear(line.wrapping_add(part * self.strips.part), len) };
            }
        } else {
            for plane in 0..self.strips.across.remainders.len() {
                // SAFETY: the caller's promise.
                unsafe { clear(line.wrapping_add(plane * self.strips.plane), len) };
            }
        }
    }

    /// Copies the columns that each plane along the width has of a row of the input, two blocks of 16 channels.
    ///
    /// # Safety
    /// As [`MatrixConv::copy`].
    unsafe fn copy_blocked(
        &self,
        arena: &Memory,
        (picture, source): (usize, usize),
        block: usize,
        line: *mut u8,
    ) {
        let MatrixConv { strips, tensors, convolution, .. } = self;
        let input = &tensors.input;
        let channels = input.shape.channels() as usize / convolution.groups;
        let of_group = channels.div_ceil(STEP);
        let (group, local) = (block / of_group, block % of_group);
        let (stride, before) = (convolution.columns.stride as usize, convolution.columns.pad_before as usize);
        for (index, remainder) in strips.across.remainders.iter().enumerate() {
            let line = line.wrapping_add(index * strips.plane);
            // Position x holds the column x · stride + remainder − before.
            let first = before.saturating_sub(*remainder).div_ceil(stride).min(strips.pitch);
            let end = (input.layout.width + before).saturating_sub(*remainder).div_ceil(stride);
            let end = end.clamp(first, strips.pitch);
            // SAFETY: the caller's promise; the columns lie in the map.
            unsafe {
                clear(line, first * strips.pixel);
                for half in 0..STEP / LANES {
                    let channel = local * STEP + half * LANES;
                    let lanes = channels.saturating_sub(channel).min(LANES);
                    let from = if lanes == 0 || first == end {
                        std::ptr::null()
                    } else {
                        let block = (group * channels + channel) / LANES;
                        let row = input.offset + input.layout.at(picture, block, source);
                        arena.at(row + (first * stride + remainder - before) * LANES).cast_const()
                    };
                    let line = Line {
                        from,
                        step: stride * LANES,
                        count: end - first,
                        lanes,
                        to: line.wrapping_add(first * strips.pixel + half * 2 * LANES),
                        pixel: strips.pixel,
                        part: strips.part,
                    };
                    U::split(strips.parts, &line);
                }
                clear(line.wrapping_add(end * strips.pixel), (strips.pitch - end) * strips.pixel);
            }
        }
    }

    /// Copies a row of the input with all its channels, column after column.
    ///
    /// # Safety
    /// As [`MatrixConv::copy`].
    unsafe fn copy_dense(&self, arena: &Memory, (picture, source): (usize, usize), line: *mut u8) {
        let MatrixConv { strips, tensors, convolution, .. } = self;
        let input = &tensors.input;
        let channels = input.shape.channels() as usize;
        let capacity = strips.pitch * strips.pixel / 2;
        let before = (convolution.columns.pad_before as usize * channels).min(capacity);
        let len = (input.layout.width * channels).min(capacity - before);
        let (vectors, rest) = (len / LANES, len % LANES);
        let from = arena.at(input.offset + input.layout.at(picture, 0, source)).cast_const();
        let whole = Line {
            from,
            step: LANES,
            count: vectors,
            lanes: LANES,
            to: line.wrapping_add(2 * before),
            pixel: 2 * LANES,
            part: strips.part,
        };
        let last = Line {
            from: from.wrapping_add(vectors * LANES),
            count: usize::from(rest > 0),
            lanes: rest,
            to: whole.to.wrapping_add(vectors * 2 * LANES),
            ..whole
        };
        // SAFETY: the caller's promise. The last vector may reach into the next row, which is written later, or into the
        // memory behind the last row.
        unsafe {
            U::split(strips.parts, &whole);
            U::split(strips.parts, &last);
            for part in 0..strips.parts {
                let line = line.wrapping_add(part * strips.part);
                clear(line, 2 * before);
                clear(line.wrapping_add(2 * (before + len)), 2 * (capacity - before - len));
            }
        }
    }
}

/// # Safety
/// So many bytes can be written.
unsafe fn clear(from: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::write_bytes(from, 0, len) };
}
