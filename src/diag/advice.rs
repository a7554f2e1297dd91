//! Advice about a failure, without the words of a program. A front end, such as the command line, words it with the
//! names of its own options.

use std::fmt;

/// Something that the caller can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A value of the model up to which it can be imported, and how many nodes lead there.
    ImportUpTo {
        /// The name of the value.
        output: String,
        /// The nodes.
        nodes: usize,
    },
    /// The extents of an input must be stated, batch first.
    StateExtents {
        /// The name of the input.
        input: String,
    },
    /// Other programs write the ONNX files that an import reads.
    WriteOnnx,
    /// A map of many channels can be shown by the channel that is greatest at each position.
    ShowClasses,
    /// A map of one channel can be shown by its values only.
    ShowValues,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Advice::ImportUpTo { output, nodes } => {
                write!(f, "the output `{output}` alone imports the {nodes} nodes that lead there")
            }
            Advice::StateExtents { input } => write!(f, "state the extents of `{input}`, batch first"),
            Advice::WriteOnnx => f.write_str("an import reads ONNX files, such as PyTorch writes"),
            Advice::ShowClasses => {
                f.write_str("a picture of classes shows the channel of the greatest value")
            }
            Advice::ShowValues => f.write_str("a picture of values shows 0 as black, 1 as white"),
        }
    }
}
