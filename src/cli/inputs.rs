//! Inputs of a run: pictures and arrays become tensors, batch first.

use ndarray::{ArrayD, Axis, IxDyn, Slice, concatenate};

use crate::diag::{Code, Failure};
use crate::ir::{Graph, InputNode, Node, NodeKind};
use crate::picture::{self, Preparation};
use crate::tensor::Shape;
use crate::weights::npy;

use super::{Stop, words};

/// The order of the axes of arrays in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Layout {
    /// Batch, channels, rows, columns
    #[default]
    Nchw,
    /// Batch, rows, columns, channels
    Nhwc,
}

/// All pictures of a run.
pub(super) struct Inputs {
    /// One tensor for each input of the network, by name, each of pictures × its stored shape.
    pub tensors: Vec<(String, ArrayD<f32>)>,
    /// What each picture is called in the output.
    pub names: Vec<String>,
}

/// Reads the arguments of `--input`.
pub(super) fn read(graph: &Graph, arguments: &[String], layout: Layout) -> Result<Inputs, Stop> {
    let nodes: Vec<&Node> = graph.inputs().map(|(_, node)| node).collect();
    let mut paths: Vec<Vec<&str>> = vec![Vec::new(); nodes.len()];
    for argument in arguments {
        let named = argument
            .split_once('=')
            .and_then(|(name, path)| Some((nodes.iter().position(|node| node.path == name)?, path)));
        match named {
            Some((index, path)) => paths[index].push(path),
            None if nodes.len() == 1 => paths[0].push(argument),
            None => {
                let names: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
                let failure = Failure::new(
                    Code::E0611,
                    format!("`--input {argument}` does not say which input it is for"),
                )
                .note(format!("the inputs are {}", names.join(", ")))
                .help(format!("write `--input {}=PATH`", names[0]));
                let wanted = argument.split_once('=').map_or("", |(name, _)| name);
                return Err(Stop::Usage(words::suggest(failure, wanted, names)));
            }
        }
    }
    if paths.iter().all(Vec::is_empty) {
        return Err(Stop::Usage(
            Failure::new(Code::E0606, "the run needs an input")
                .help("give a picture or array with `--input PATH`"),
        ));
    }
    let mut tensors = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (node, paths) in nodes.iter().zip(&paths) {
        let mut parts = Vec::new();
        let mut own: Vec<String> = Vec::new();
        for path in paths {
            let tensor = read_one(node, path, layout).map_err(Stop::Environment)?;
            let pictures = tensor.shape()[0];
            own.extend(
                (0..pictures)
                    .map(|index| if pictures == 1 { (*path).to_owned() } else { format!("{path}[{index}]") }),
            );
            parts.push(tensor);
        }
        if names.is_empty() {
            names = own;
        } else if names.len() != own.len() {
            return Err(Stop::Usage(Failure::new(
                Code::E0606,
                format!(
                    "`{}` is given {} pictures, `{}` {}",
                    nodes[0].path,
                    names.len(),
                    node.path,
                    own.len()
                ),
            )));
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let joined = concatenate(Axis(0), &views).map_err(|error| {
            Stop::Environment(Failure::new(Code::E0606, format!("inputs cannot be joined: {error}")))
        })?;
        tensors.push((node.path.clone(), joined));
    }
    Ok(Inputs { tensors, names })
}

impl Inputs {
    /// The pictures `first .. first + batch`; zeros behind the last.
    pub(super) fn batch(&self, first: usize, batch: usize) -> Vec<(&str, ArrayD<f32>)> {
        let one = |tensor: &ArrayD<f32>| {
            let count = batch.min(self.names.len() - first);
            let mut shape = tensor.shape().to_vec();
            shape[0] = batch;
            let mut padded = ArrayD::zeros(IxDyn(&shape));
            padded
                .slice_axis_mut(Axis(0), Slice::from(..count))
                .assign(&tensor.slice_axis(Axis(0), Slice::from(first..first + count)));
            padded
        };
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), one(tensor))).collect()
    }
}

fn read_one(node: &Node, path: &str, layout: Layout) -> Result<ArrayD<f32>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}"));
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Failure::new(Code::E0609, format!("cannot read `{path}`: it is a folder")));
    }
    let NodeKind::Input(input) = &node.kind else {
        return Err(Failure::new(Code::E0611, format!("`{}` is no input", node.path)));
    };
    let mut start = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, npy::MAGIC.len() as u64), &mut start)
        .map_err(unreadable)?;
    std::io::Seek::rewind(&mut file).map_err(unreadable)?;
    if start == npy::MAGIC {
        read_array(node.shape, input, file, path, layout)
    } else {
        read_picture(node.shape, input, file, path)
    }
}

fn reals(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn read_picture(
    shape: Shape,
    input: &InputNode,
    file: std::fs::File,
    path: &str,
) -> Result<ArrayD<f32>, Failure> {
    let Shape::Map { height, width, channels } = shape else {
        return Err(Failure::new(
            Code::E0606,
            format!("`{path}` is a picture, and the input is a vector of {shape}"),
        )
        .help("give an .npy array"));
    };
    let mut bytes = Vec::new();
    for most in [picture::FORMAT_BYTES, picture::MAX_FILE_BYTES] {
        let rest = most.saturating_sub(bytes.len() as u64) + 1;
        std::io::Read::read_to_end(&mut std::io::Read::take(&file, rest), &mut bytes)
            .map_err(|error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))?;
        picture::check_format(&bytes, path)?;
    }
    if bytes.len() as u64 > picture::MAX_FILE_BYTES {
        let most = picture::MAX_FILE_BYTES;
        return Err(Failure::new(Code::E0605, format!("`{path}` has more than {most} bytes")));
    }
    let wanted = Preparation {
        channels: channels as usize,
        height: height as usize,
        width: width as usize,
        resize: input.resize,
        mean: reals(&input.mean),
        std: reals(&input.std),
    };
    Ok(picture::prepare(&bytes, &wanted, path)?.insert_axis(Axis(0)))
}

fn read_array(
    shape: Shape,
    input: &InputNode,
    file: std::fs::File,
    path: &str,
    layout: Layout,
) -> Result<ArrayD<f32>, Failure> {
    let mut reader = std::io::BufReader::new(file);
    let header = npy::read_header(&mut reader, path)?;
    let dims = |layout| -> Vec<usize> {
        let dims = if layout == Layout::Nhwc { shape.dims() } else { shape.stored() };
        dims.into_iter().map(|dim| dim as usize).collect()
    };
    let one = dims(layout);
    let found = header.shape.clone();
    let is_several = |one: &[usize]| found.len() == one.len() + 1 && found[1..] == *one && found[0] > 0;
    let single = found == one;
    if !single && !is_several(&one) {
        let text = |dims: &[usize]| dims.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let order = match (shape, layout) {
            (Shape::Vector(_), _) => "N×n",
            (_, Layout::Nchw) => "N×C×H×W",
            (_, Layout::Nhwc) => "N×H×W×C",
        };
        let failure = Failure::new(Code::E0606, format!("`{path}` has the shape {}", text(&found)))
            .note(format!("the input is {shape}: the array must be {0} or N×{0} ({order})", text(&one)));
        let (other, word) = match layout {
            Layout::Nchw => (dims(Layout::Nhwc), "nhwc"),
            Layout::Nhwc => (dims(Layout::Nchw), "nchw"),
        };
        return Err(if found == other || is_several(&other) {
            failure.help(format!("`--layout {word}` takes this array as it is"))
        } else {
            failure
        });
    }
    let picture = header.is_picture();
    let mut values = npy::read_f32(&mut reader, &header, header.elements(), path)?;
    if single {
        values = values.insert_axis(Axis(0));
    }
    if shape.is_map() && layout == Layout::Nhwc {
        values = values.permuted_axes(IxDyn(&[0, 3, 1, 2])).as_standard_layout().into_owned();
    }
    if picture {
        picture::normalise(&mut values, Axis(1), &reals(&input.mean), &reals(&input.std));
    }
    Ok(values)
}
