//! Prints a plan as stable text, for `cnnc dump --after lower`.

use std::fmt;

use super::layout::{Halo, LANES};
use super::plan::{Algorithm, Kernel, Plan, Step, Tensor, TransposedConvolution, WinogradTile};
use super::sizes::WinogradSchedule;

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tensor { shape, offset, layout } = self;
        write!(f, "{shape}@{offset}")?;
        if layout.lanes == 1 {
            return Ok(());
        }
        let blocks = (shape.channels() as usize).div_ceil(layout.lanes);
        write!(f, "[{blocks}x{}", layout.lanes)?;
        if blocks != layout.blocks {
            write!(f, " from block {} of {}", layout.first_block, layout.blocks)?;
        }
        let Halo { top, bottom, left, right } = layout.halo;
        if layout.is_flat() { f.write_str("]") } else { write!(f, " halo {top},{bottom},{left},{right}]") }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kernel::Conv(convolution) => {
                let (rows, columns) = (convolution.rows, convolution.columns);
                match convolution.algorithm {
                    Algorithm::Direct => f.write_str("conv direct")?,
                    Algorithm::Winograd(WinogradTile { outputs, .. }) => {
                        write!(f, "conv winograd F({}x{})", outputs.0, outputs.1)?;
                    }
                    Algorithm::Matrix(_) => f.write_str("conv matrix")?,
                }
                write!(f, " {}x{}/{}x{}", rows.kernel, columns.kernel, rows.stride, columns.stride)?;
                if convolution.groups > 1 { write!(f, " groups={}", convolution.groups) } else { Ok(()) }
            }
            Kernel::TransposedConv(TransposedConvolution { rows, columns, groups, .. }) => {
                write!(
                    f,
                    "transposed conv {}x{}/{}x{}",
                    rows.kernel, columns.kernel, rows.stride, columns.stride
                )?;
                if *groups > 1 { write!(f, " groups={groups}") } else { Ok(()) }
            }
            Kernel::Depthwise { rows, columns, .. } => {
                write!(f, "depthwise {}x{}/{}x{}", rows.kernel, columns.kernel, rows.stride, columns.stride)
            }
            Kernel::Dense { .. } => f.write_str("dense"),
            Kernel::Pool(pool) => write!(f, "pool {:?}", pool.reduction),
            Kernel::Affine => f.write_str("affine"),
            Kernel::Add => f.write_str("add"),
            Kernel::Concat { .. } => f.write_str("concat"),
            Kernel::Copy => f.write_str("copy"),
            Kernel::Lrn(lrn) => write!(f, "lrn {}", lrn.size),
            Kernel::ChannelNorm(norm) => write!(f, "channel norm {norm:?}"),
            Kernel::ChannelReduction(reduction) => write!(f, "channel reduction {reduction:?}"),
            Kernel::GroupNorm { groups, .. } => write!(f, "group norm of {groups}"),
            Kernel::Combine(combination) => write!(f, "combine {combination:?}"),
            Kernel::Resample(_) => f.write_str("resample"),
            Kernel::Rearrange(_) => f.write_str("rearrange"),
            Kernel::Reference(_) => f.write_str("reference"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs: Vec<String> = self.inputs.iter().map(Tensor::to_string).collect();
        write!(f, "{}", self.kernel)?;
        if let Some(factors) = self.factors() {
            write!(f, " {factors}")?;
        }
        if matches!(&self.kernel, Kernel::Conv(convolution) if convolution.addend) {
            f.write_str(" + addend")?;
        }
        if let Some(activation) = &self.activation {
            write!(f, " + {:?}", activation.function)?;
        }
        write!(f, ": {} -> {}", inputs.join(", "), self.output)?;
        if (0..self.inputs.len()).any(|input| self.overwrites(input)) {
            f.write_str(" in place")?;
        }
        if self.scratch.1 > 0 {
            write!(f, " scratch @{}+{}", self.scratch.0, self.scratch.1)?;
        }
        if self.covers.is_empty() { Ok(()) } else { write!(f, "  # {}", self.covers.join(", ")) }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan of {}, batch {}", self.network, self.batch)?;
        writeln!(
            f,
            "arena {} elements, {} more for each thread, constants {} bytes; in all {} bytes with one thread",
            self.arena,
            self.scratch_per_thread,
            self.constant_bytes(),
            self.bytes(1)
        )?;
        writeln!(
            f,
            "a tensor is shape@offset[blocks x channels, zeros top,bottom,left,right]; {LANES} lanes are a vector"
        )?;
        for input in &self.inputs {
            writeln!(f, "input {} {}", input.name, input.tensor)?;
        }
        let packed_by = self.packed_by();
        for (index, step) in self.steps.iter().enumerate() {
            write!(f, "{index:>4}  {step}")?;
            if let Kernel::Conv(super::Convolution { algorithm: Algorithm::Winograd(tile), .. }) = step.kernel
            {
                let tiles = WinogradSchedule::new(tile, step.output.shape, self.batch);
                write!(f, "  ({} tiles in {} tasks)", tiles.count, tiles.tasks)?;
            }
            if packed_by[index] != index {
                write!(f, "  (constants of step {})", packed_by[index])?;
            }
            writeln!(f)?;
        }
        for output in &self.outputs {
            writeln!(f, "output {} {}", output.name, output.tensor)?;
        }
        Ok(())
    }
}
