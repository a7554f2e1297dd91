//! Reads the file with the names of the classes.

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::tensor::Shape;

/// The names of the classes of the output, one a line of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// The path of the labels as the network names it, from the folder of the source; `None` where it names none.
    ///
    /// # Errors
    ///
    /// E0608 for a path that leaves that folder.
    pub fn path(network: &Checked) -> Result<Option<&str>, Failure> {
        let Some(path) = network.graph().labels() else { return Ok(None) };
        let leaves = |part: &str| part.is_empty() || part == ".." || part.contains(['\\', ':']);
        if path.split('/').any(leaves) {
            let message = format!("the labels `{path}` must lie in or below the folder of the source");
            return Err(Failure::new(Code::E0608, message));
        }
        Ok(Some(path))
    }

    /// Reads the text of labels for a network. Messages call it `name`.
    ///
    /// # Errors
    ///
    /// E0608 where the number of lines is not that of the classes.
    pub fn parse(network: &Checked, name: &str, text: &str) -> Result<Labels, Failure> {
        let labels: Vec<String> = text.lines().map(str::to_owned).collect();
        let graph = network.graph();
        let out = graph.outputs().first().map(|output| graph.node(output.node).shape);
        let classes = match out {
            Some(Shape::Vector(classes) | Shape::Map { height: 1, width: 1, channels: classes }) => classes,
            _ => return Ok(Labels(labels)),
        };
        if labels.len() as u64 != classes {
            let message =
                format!("the labels `{name}` have {} lines, the output has {classes} classes", labels.len());
            return Err(Failure::new(Code::E0608, message));
        }
        Ok(Labels(labels))
    }

    /// The name of a class.
    pub fn get(&self, class: usize) -> Option<&str> {
        self.0.get(class).map(String::as_str)
    }
}
