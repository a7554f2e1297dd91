//! Converts pictures and `.npy` arrays to the arrays that the inputs of a model take.

use std::io::Read;

use ndarray::{ArrayD, Axis, IxDyn};

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::ir::{NodeKind, Resize};
use crate::picture::{self, Normalisation, Preparation, Prepared, Scaling};
use crate::tensor::Shape;
use crate::weights::npy;

/// The order of the axes of arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArrayOrder {
    /// Pictures, channels, rows, columns; as PyTorch has them.
    #[default]
    Nchw,
    /// Pictures, rows, columns, channels; as Keras has them.
    Nhwc,
}

/// An input of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInput {
    /// Its name: that of its row.
    pub name: String,
    /// The shape of one picture.
    pub shape: Shape,
    /// The preparation of a picture.
    preparation: Preparation,
}

impl ModelInput {
    /// The inputs of a network, in order.
    pub fn all(network: &Checked) -> Vec<ModelInput> {
        let reals = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let input = |node: &crate::ir::Node| {
            let NodeKind::Input(input) = &node.kind else { return None };
            let (height, width, channels) = match node.shape {
                Shape::Map { height, width, channels } => {
                    (height as usize, width as usize, channels as usize)
                }
                Shape::Vector(elements) => (1, 1, elements as usize),
            };
            let (mean, std) = (reals(&input.mean), reals(&input.std));
            let preparation = Preparation {
                channels,
                height,
                width,
                scaling: match input.resize {
                    Resize::None => Scaling::None,
                    Resize::Shorter(side) => Scaling::ShorterSide(side),
                    Resize::Exact { height, width } => Scaling::Exact { height, width },
                    Resize::Letterbox(grey) => Scaling::Letterbox { grey: grey as f32 },
                },
                orient: input.orient,
                bgr: input.bgr,
                normalisation: Normalisation { range: input.range as f32, mean, std },
            };
            Some(ModelInput { name: node.path.clone(), shape: node.shape, preparation })
        };
        network.graph().inputs().filter_map(|(_, node)| input(node)).collect()
    }

    /// The bytes of so many pictures as the model takes them.
    pub fn bytes(&self, pictures: usize) -> u128 {
        u128::from(self.shape.elements()) * 4 * pictures as u128
    }

    /// Prepares the PNG or JPEG picture in `bytes` as the network says: 1×C×H×W, and warnings about what the author
    /// of the network may not expect. Messages call it `name`.
    ///
    /// # Errors
    ///
    /// E0605 where the bytes are no picture, E0606 where it does not fit the input.
    pub fn picture(&self, bytes: &[u8], name: &str) -> Result<Prepared, Failure> {
        self.takes_pictures(name)?;
        let Prepared { tensor, warnings } = picture::prepare(bytes, &self.preparation, name)?;
        Ok(Prepared { tensor: tensor.insert_axis(Axis(0)), warnings })
    }

    /// Refuses pictures for an input that is a vector (E0606).
    pub fn takes_pictures(&self, name: &str) -> Result<(), Failure> {
        if self.shape.is_map() {
            return Ok(());
        }
        let message = format!("`{name}` is a picture, and the input is a vector of {}", self.shape);
        Err(Failure::new(Code::E0606, message).help("give an .npy array"))
    }

    /// Reads the head of an `.npy` array and checks that its shape fits: one picture, or several along a first
    /// axis. Its values are read by [`PendingArray::read`].
    ///
    /// # Errors
    ///
    /// E0604 where the file is damaged, E0606 where the shape does not fit.
    pub fn array<R: Read>(
        &self,
        mut reader: R,
        order: ArrayOrder,
        name: &str,
    ) -> Result<PendingArray<'_, R>, Failure> {
        let header = npy::read_header(&mut reader, name)?;
        let dims = |order| -> Vec<usize> {
            let dims = if order == ArrayOrder::Nhwc { self.shape.dims() } else { self.shape.stored() };
            dims.into_iter().map(|dim| dim as usize).collect()
        };
        let (one, found) = (dims(order), header.shape.clone());
        let is_several = |one: &[usize]| found.len() == one.len() + 1 && found[1..] == *one && found[0] > 0;
        if found == one || is_several(&one) {
            let pictures = if found == one { 1 } else { found[0] };
            let single = found == one;
            return Ok(PendingArray {
                input: self,
                reader,
                header,
                order,
                single,
                pictures,
                name: name.to_owned(),
            });
        }
        let text = |dims: &[usize]| dims.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let letters = match (self.shape, order) {
            (Shape::Vector(_), _) => "N×n",
            (_, ArrayOrder::Nchw) => "N×C×H×W",
            (_, ArrayOrder::Nhwc) => "N×H×W×C",
        };
        Err(Failure::new(Code::E0606, format!("`{name}` has the shape {}", text(&found))).note(format!(
            "the input is {}: the array must be {1} or N×{1} ({letters})",
            self.shape,
            text(&one)
        )))
    }
}

/// An `.npy` array that fits an input and whose values were not read yet.
#[derive(Debug)]
pub struct PendingArray<'a, R> {
    input: &'a ModelInput,
    reader: R,
    header: npy::Header,
    order: ArrayOrder,
    /// Whether the array is one picture without an axis for several.
    single: bool,
    pictures: usize,
    name: String,
}

impl<R: Read> PendingArray<'_, R> {
    /// The number of pictures.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// Reads the values: pictures × C×H×W, or × n. Integers are pixels: they are prepared like those of a picture,
    /// but never resized.
    ///
    /// # Errors
    ///
    /// E0603 for a type of elements that is not supported, E0604 where the file is damaged, E0607 where the
    /// memory does not suffice.
    pub fn read(mut self) -> Result<ArrayD<f32>, Failure> {
        let most = self.header.elements();
        let mut values = npy::read_f32(&mut self.reader, &self.header, most, &self.name)?;
        if self.single {
            values = values.insert_axis(Axis(0));
        }
        if self.input.shape.is_map() && self.order == ArrayOrder::Nhwc {
            values = values.permuted_axes(IxDyn(&[0, 3, 1, 2])).as_standard_layout().into_owned();
        }
        if let Some(white) = self.header.white() {
            self.input.preparation.normalisation.apply(&mut values, Axis(1), white);
        }
        Ok(values)
    }
}
