//! Direct convolution over blocks of channels, for every kernel, stride, dilation and groups.
//!
//! The zeros around the input stand in memory, so that there are no borders here. A piece computes some blocks of
//! filters for some cells of the plane: the weights of a block stay in the cache while its cells are computed.
//! Large maps are cut by cells, so that each thread keeps its part of the input; maps with more weights than
//! inputs are cut by filters, so that each thread reads its part of the weights once.
#![allow(unsafe_code)]

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Convolution, LANES, Reach, Step, Tensor};

use super::activate::Finish;
use super::groups::Groups;
use super::lanes::Isa;
use super::memory::Memory;
use super::tile::{Part, Place, Walk, place_of};
use super::tiles::Cut;
use super::{Prepared, halo, pack};

/// Pieces of a step, where its size allows.
const PIECES: usize = 16;

pub(super) struct Conv {
    isa: Isa,
    input: Tensor,
    addend: Option<Tensor>,
    output: Tensor,
    weights: Memory,
    bias: Memory,
    walk: Walk,
    reach: Reach,
    /// Where the tiles multiply channels of other groups.
    crossing: Option<Groups>,
    /// Weights of a block of filters.
    weights_of_block: usize,
    /// From one row and column of the output to the next in the input.
    strides: (usize, usize),
    /// From the first position of the input to what the first output sees.
    start: usize,
    cut: Cut,
    finish: Finish,
    blocks: usize,
    pictures: usize,
    /// Pictures of a piece; the batch where pieces are cut by filters.
    pictures_of_piece: usize,
    bands: usize,
    groups: usize,
    phases: [usize; 1],
}

impl Conv {
    pub(super) fn new(
        isa: Isa,
        step: &Step,
        convolution: &Convolution,
        batch: usize,
        constants: Vec<ArrayD<f32>>,
        threads: usize,
    ) -> Result<Conv, Failure> {
        let (input, output) = (step.inputs[0], step.output);
        let addend = convolution.addend.then(|| step.inputs[1]);
        let (rows, columns) = (convolution.rows, convolution.columns);
        let lanes = input.layout.lanes;
        let (channels, filters) = (input.shape.channels() as usize, output.shape.channels() as usize);
        let blocks = filters.div_ceil(LANES);
        let reach = Reach::new(channels, lanes, filters, convolution.groups);
        let (kernel_rows, kernel_columns) = (rows.kernel as usize, columns.kernel as usize);
        let taps = kernel_rows * kernel_columns;
        let multiplied = reach.multiplied();
        let weights_of_block = multiplied * taps * LANES;

        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let (of_group, filters_of_group) = (channels / convolution.groups, filters / convolution.groups);
        let weights = pack::blocks(threads, blocks, weights_of_block, |block, packed| {
            let first = reach.first(block) * lanes;
            for (lane, filter) in (block * LANES..filters.min(block * LANES + LANES)).enumerate() {
                let group = filter / filters_of_group;
                for local in 0..of_group {
                    let channel = group * of_group + local - first;
                    let source = &weight[(filter * of_group + local) * taps..][..taps];
                    let (start, step) = place_of(channel, multiplied, lanes, taps);
                    for (tap, &value) in source.iter().enumerate() {
                        packed[(start + tap * step) * LANES + lane] = value;
                    }
                }
            }
        })?;
        let bias = constants.get(1).and_then(|bias| bias.as_slice());
        let bias = pack::channels(bias, filters)?;

        let dense = columns.dilation == 1 || kernel_columns == 1;
        let finish = Finish::of(step.activation);
        let (stride_down, stride_across) = (rows.stride as usize, columns.stride as usize);
        let mut walk = Walk {
            parts: Part::of(multiplied, lanes, kernel_columns, dense),
            block: input.layout.block(),
            rows: kernel_rows,
            row: rows.dilation as usize * input.layout.row(),
            segment: columns.dilation as usize * lanes,
            pixel: stride_across * lanes,
            line: stride_down * input.layout.row(),
            out_line: output.layout.row(),
            addend_line: addend.map_or(0, |addend| addend.layout.row()),
            least: finish.least,
            most: finish.most,
        };
        let before = (rows.pad_before as usize, columns.pad_before as usize);
        // Without zeros anywhere the plane of a 1×1 convolution is one long row.
        let flat = taps == 1
            && walk.pixel == lanes
            && stride_down == 1
            && before == (0, 0)
            && [Some(input), Some(output), addend].iter().flatten().all(|one| one.layout.is_flat())
            && (input.layout.height, input.layout.width) == (output.layout.height, output.layout.width);
        let plane = if flat {
            (1, output.layout.height * output.layout.width)
        } else {
            (output.layout.height, output.layout.width)
        };
        if flat {
            (walk.line, walk.out_line, walk.addend_line) = (0, 0, 0);
        }
        let cut = Cut::new(isa, plane, walk.pixel);
        let by_filters = weights_of_block * blocks > input.layout.picture() && blocks >= 4;
        let (bands, groups) = if by_filters {
            (1, blocks.min(PIECES))
        } else {
            let bands = cut.len().min(PIECES);
            (bands, if bands < 4 { blocks.min(4) } else { 1 })
        };
        let pictures_of_piece = if by_filters { batch } else { 1 };
        Ok(Conv {
            isa,
            input,
            addend,
            output,
            weights,
            bias,
            crossing: (!reach.keeps_groups_apart()).then_some(Groups {
                channels: of_group,
                filters: filters_of_group,
                all_filters: filters,
                kernel: (kernel_rows, kernel_columns),
                lanes,
            }),
            reach,
            weights_of_block,
            strides: (walk.line, walk.pixel),
            // The zeros around the input are at least as many as this convolution pads with.
            start: before.0 * input.layout.row() + before.1 * lanes,
            walk,
            cut,
            finish,
            blocks,
            pictures: batch,
            pictures_of_piece,
            bands,
            groups,
            phases: [batch / pictures_of_piece * bands * groups],
        })
    }

    fn block(&self, arena: &Memory, picture: usize, block: usize, band: usize) {
        let input =
            self.input.offset + self.input.layout.at(picture, self.reach.first(block), 0) - self.start;
        let output = self.output.offset + self.output.layout.at(picture, block, 0);
        let addend = self.addend.map(|addend| addend.offset + addend.layout.at(picture, block, 0));
        let cells = self.cut.len();
        for cell in band * cells / self.bands..(band + 1) * cells / self.bands {
            self.cut.visit(cell, |cell| {
                let from = input + cell.row * self.strides.0 + cell.column * self.strides.1;
                let at = |start: usize, line: usize| start + cell.row * line + cell.column * LANES;
                let target = arena.at(at(output, self.walk.out_line));
                let place = Place {
                    input: arena.at(from),
                    weights: self.weights.at(block * self.weights_of_block),
                    bias: self.bias.at(block * LANES),
                    addend: addend.map_or(std::ptr::null(), |start| {
                        arena.at(at(start, self.walk.addend_line)).cast_const()
                    }),
                    output: target,
                };
                // SAFETY: the plan gives the input the zeros that the kernel reaches, and the packed weights
                // have an element for each float of the walk; no other piece writes these outputs.
                unsafe {
                    (cell.tile)(&self.walk, place);
                    if let Some(groups) = &self.crossing {
                        groups.mend(&self.walk, place, (cell.rows, cell.columns), &self.reach, block);
                    }
                    for row in 0..cell.rows {
                        let line = target.wrapping_add(row * self.walk.out_line);
                        self.finish.after(self.isa, line, cell.columns * LANES);
                    }
                }
            });
        }
    }
}

impl Prepared for Conv {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, piece: usize, arena: &Memory, _private: &Memory) {
        let (piece, group) = (piece / self.groups, piece % self.groups);
        let (pictures, band) = (piece / self.bands, piece % self.bands);
        let first = pictures * self.pictures_of_piece;
        for block in group * self.blocks / self.groups..(group + 1) * self.blocks / self.groups {
            for picture in first..(first + self.pictures_of_piece).min(self.pictures) {
                if band == 0 {
                    // SAFETY: no other piece has the first band of this block.
                    unsafe { halo::clear(arena, &self.output, picture, block) };
                }
                self.block(arena, picture, block, band);
            }
        }
    }
}
