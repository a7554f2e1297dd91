//! Reads device files: the peak rates of a device, for bounds of the time that a network takes on it.

use serde::Deserialize;

use crate::analysis::Dtype;
use crate::analysis::roofline::Device;
use crate::base::quantity;

use super::read::ProjectMistake;

/// A device file.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFile {
    /// The name of the device.
    pub name: String,
    /// Where the figures come from.
    pub source: String,
    f32: Option<f64>,
    f16: Option<f64>,
    int8: Option<f64>,
    bandwidth: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    source: String,
    peak: Peak,
    bandwidth: toml::Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Peak {
    f32: Option<toml::Spanned<String>>,
    f16: Option<toml::Spanned<String>>,
    int8: Option<toml::Spanned<String>>,
}

impl DeviceFile {
    /// Reads the text of a device file.
    ///
    /// # Errors
    ///
    /// For text that is not TOML, an unknown key, or a figure that is not a number above 0.
    pub fn parse(text: &str) -> Result<DeviceFile, ProjectMistake> {
        let file: File = toml::from_str(text).map_err(|error| ProjectMistake {
            message: error.message().lines().collect::<Vec<_>>().join(" "),
            help: None,
            place: error.span().unwrap_or(0..0),
        })?;
        let number = |text: &toml::Spanned<String>| {
            let parsed =
                quantity::parse(text.get_ref()).map(|(number, divisor)| number as f64 / divisor as f64);
            parsed.filter(|&number| number > 0.0).ok_or_else(|| ProjectMistake {
                message: format!("`{}` is no number above 0", text.get_ref()),
                help: Some("write a number with K, M, G or T: `19.5T`".to_owned()),
                place: text.span(),
            })
        };
        let peak = |one: Option<toml::Spanned<String>>| one.as_ref().map(number).transpose();
        Ok(DeviceFile {
            f32: peak(file.peak.f32)?,
            f16: peak(file.peak.f16)?,
            int8: peak(file.peak.int8)?,
            bandwidth: number(&file.bandwidth)?,
            name: file.name,
            source: file.source,
        })
    }

    /// The peak rates for elements of a type; `None` where the file does not state them.
    pub fn device(&self, dtype: Dtype) -> Option<Device> {
        let peak = match dtype {
            Dtype::F32 => self.f32,
            Dtype::F16 => self.f16,
            Dtype::Int8 => self.int8,
        };
        peak.map(|peak| Device { peak, bandwidth: self.bandwidth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_suffixes_and_types_may_be_missing() {
        let text = "name = \"a\"\nsource = \"b\"\nbandwidth = \"320G\"\n[peak]\nf32 = \"8.1T\"\n";
        let file = DeviceFile::parse(text).unwrap();
        assert_eq!(file.device(Dtype::F32), Some(Device { peak: 8.1e12, bandwidth: 320e9 }));
        assert_eq!(file.device(Dtype::Int8), None);
        let wrong = DeviceFile::parse(&text.replace("8.1T", "fast")).unwrap_err();
        assert_eq!(wrong.message, "`fast` is no number above 0");
        assert!(DeviceFile::parse(&text.replace("source", "sauce")).is_err());
    }
}
