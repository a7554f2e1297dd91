//! The graph as stable text, for `cnnc dump --after expand`.

use std::fmt;

use super::{Graph, NodeKind};

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network {}", self.name())?;
        for (id, node) in self.nodes() {
            let operands: Vec<String> =
                self.operands(id).iter().map(|operand| format!("%{}", operand.index())).collect();
            let train = if node.train_only { " train" } else { "" };
            write!(
                f,
                "%{} = {}({}) -> {}{train}  # {}",
                id.index(),
                node.word,
                operands.join(", "),
                node.shape,
                node.path
            )?;
            match &node.kind {
                NodeKind::Op(op) => write!(f, "  {op:?}")?,
                NodeKind::Input(input) => write!(f, " {input}")?,
            }
            if let Some(owner) = node.shares {
                write!(f, "  shares {}", self.node(owner).path)?;
            }
            writeln!(f)?;
            for parameter in &node.parameters {
                let dims: Vec<String> = parameter.shape.iter().map(u64::to_string).collect();
                writeln!(
                    f,
                    "       {}.{}: {} {:?}",
                    node.path,
                    parameter.key,
                    dims.join("x"),
                    parameter.role
                )?;
            }
        }
        for output in self.outputs() {
            let train = if output.train_only { " train" } else { "" };
            writeln!(f, "output {}{train} = %{}", output.name, output.node.index())?;
        }
        Ok(())
    }
}
