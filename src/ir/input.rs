//! The attributes of an `input` about pictures: how they become its tensor.

use std::fmt;

/// The way in which a picture is brought to the size of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Resize {
    /// Not at all: pictures must have the size of the input.
    #[default]
    None,
    /// The shorter side gets so many pixels, then the centre is cut out.
    Shorter(u64),
    /// The picture gets this size, then the centre is cut out.
    Exact {
        /// Rows.
        height: u64,
        /// Columns.
        width: u64,
    },
    /// The largest size of the picture's proportion that fits, with this grey around it, from 0 (black) to 1 (white).
    Letterbox(f64),
}

/// An input of the network and how a picture becomes its tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct InputNode {
    /// The way in which a picture is brought to the size of the input.
    pub resize: Resize,
    /// Whether a picture is turned as its EXIF mark says.
    pub orient: bool,
    /// Whether the channels are blue, green, red.
    pub bgr: bool,
    /// The value of white, before the mean is subtracted.
    pub range: f64,
    /// Subtracted from each channel, which runs from 0 to the range; empty for none.
    pub mean: Vec<f64>,
    /// Divides each channel, after the mean; empty for none.
    pub std: Vec<f64>,
}

impl Default for InputNode {
    fn default() -> InputNode {
        InputNode {
            resize: Resize::None,
            orient: false,
            bgr: false,
            range: 1.0,
            mean: Vec::new(),
            std: Vec::new(),
        }
    }
}

impl fmt::Display for InputNode {
    /// The properties that differ from their defaults, as they are written behind the shape: ` letterbox=0.5
    /// range=255`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.orient {
            write!(f, " orient")?;
        }
        match self.resize {
            Resize::None => {}
            Resize::Shorter(side) => write!(f, " resize={side}")?,
            Resize::Exact { height, width } => write!(f, " resize=({height}, {width})")?,
            Resize::Letterbox(grey) => write!(f, " letterbox={grey}")?,
        }
        if self.range != 1.0 {
            write!(f, " range={}", self.range)?;
        }
        if self.bgr {
            write!(f, " order=bgr")?;
        }
        for (name, values) in [("mean", &self.mean), ("std", &self.std)] {
            match values.as_slice() {
                [] => {}
                [one] => write!(f, " {name}={one}")?,
                several => {
                    let several: Vec<String> = several.iter().map(f64::to_string).collect();
                    write!(f, " {name}=({})", several.join(", "))?;
                }
            }
        }
        Ok(())
    }
}
