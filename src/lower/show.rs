//! A plan as stable text, for `cnnc dump --after lower`.

use std::fmt;

use super::plan::{Buffer, Kernel, Plan, Step};

impl fmt::Display for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}..{}]", self.offset, self.offset + self.len)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kernel::Conv { rows, columns, groups, .. } => {
                write!(f, "conv {}x{}/{}x{}", rows.kernel, columns.kernel, rows.stride, columns.stride)?;
                if *groups > 1 { write!(f, " groups={groups}") } else { Ok(()) }
            }
            Kernel::Depthwise { rows, columns, .. } => {
                write!(f, "depthwise {}x{}/{}x{}", rows.kernel, columns.kernel, rows.stride, columns.stride)
            }
            Kernel::Dense { .. } => f.write_str("dense"),
            Kernel::Pool(pool) => write!(f, "pool {:?}", pool.reduction),
            Kernel::Affine => f.write_str("affine"),
            Kernel::Add => f.write_str("add"),
            Kernel::Concat => f.write_str("concat"),
            Kernel::Copy => f.write_str("elementwise"),
            Kernel::Reference(_) => f.write_str("reference"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs: Vec<String> = self
            .inputs
            .iter()
            .zip(&self.input_shapes)
            .map(|(buffer, shape)| format!("{shape}{buffer}"))
            .collect();
        write!(f, "{}", self.kernel)?;
        if let Some(activation) = &self.activation {
            write!(f, " + {:?}", activation.function)?;
        }
        write!(f, ": {} -> {}{}", inputs.join(", "), self.output_shape, self.output)?;
        if self.in_place() {
            f.write_str(" in place")?;
        }
        write!(f, "  # {}", self.covers.join(", "))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan of {}, batch {}", self.network, self.batch)?;
        writeln!(
            f,
            "arena {} + scratch {} elements, constants {} bytes, in all {} bytes",
            self.arena,
            self.scratch,
            self.constant_bytes(),
            self.bytes()
        )?;
        for input in &self.inputs {
            writeln!(f, "input {} {}{}", input.name, input.shape, input.buffer)?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "{index:>4}  {step}")?;
        }
        for output in &self.outputs {
            writeln!(f, "output {} {}{}", output.name, output.shape, output.buffer)?;
        }
        Ok(())
    }
}
