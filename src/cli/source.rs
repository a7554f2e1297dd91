//! The options that name a network: a file, `-`, `zoo:NAME` or `-e TEXT`, and its settings.

use clap::Args;

use crate::analysis::Checked;
use crate::base::counted;
use crate::diag::{Code, Diagnostic, Failure};
use crate::driver::{InputSize, Options, Scalar, Session};
use crate::tensor::Shape;

use super::output::{self, Color};
use super::words::stop;
use super::{CliError, CliResult, files, import, zoo};

/// Settings of a network.
#[derive(Clone, Debug, Args)]
pub(super) struct NetworkSettings {
    /// The network, where the file has several
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// Sets a parameter of the network or a constant; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Replaces the shape of the only input, or its height and width: 384, 384x512, 384x512x3
    #[arg(long, value_name = "HxWxC")]
    pub input_size: Option<String>,
    /// When diagnostics are coloured
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

impl NetworkSettings {
    /// The options of the compilation that these settings give.
    pub(super) fn options(&self) -> Result<Options, CliError> {
        let wrong =
            |message: String, help: &str| CliError::Usage(Failure::new(Code::E0205, message).help(help));
        let mut settings = Vec::new();
        for setting in &self.set {
            let parsed = setting
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim().to_owned(), Scalar::parse(value.trim())?)));
            let parsed = parsed.ok_or_else(|| {
                wrong(format!("`--set {setting}` is no setting"), "write `--set name=number`")
            })?;
            if settings.iter().any(|(name, _)| *name == parsed.0) {
                return Err(wrong(format!("`{}` is set twice", parsed.0), "set it once"));
            }
            settings.push(parsed);
        }
        let input_size = match &self.input_size {
            None => None,
            Some(text) => {
                let dims: Option<Vec<u64>> =
                    text.split('x').map(|dim| dim.parse().ok().filter(|&dim| dim > 0)).collect();
                Some(match dims.as_deref() {
                    Some(&[height, width, channels]) => InputSize::Shape(Shape::map(height, width, channels)),
                    Some(&[height, width]) => InputSize::Extent(height, width),
                    Some(&[side]) => InputSize::Side(side),
                    _ => {
                        return Err(wrong(
                            format!("`--input-size {text}` is no shape"),
                            "write `--input-size 224`, `224x320` or `224x320x3`",
                        ));
                    }
                })
            }
        };
        Ok(Options { network: self.network.clone(), settings, input_size, ..Options::default() })
    }
}

/// One network of a file.
#[derive(Clone, Debug, Args)]
pub(super) struct Source {
    /// The file (.cnn or .onnx), `-` for stdin, or `zoo:NAME`
    #[arg(value_name = "FILE", required_unless_present = "text", conflicts_with = "text")]
    pub file: Option<String>,
    /// The text of a network instead of a file
    #[arg(short = 'e', value_name = "TEXT")]
    pub text: Option<String>,
    #[command(flatten)]
    pub settings: NetworkSettings,
}

/// A loaded program, and the network that its place names: the place `zoo:vgg16` names one of several networks of its
/// file.
pub(super) struct OpenedSource {
    pub session: Session,
    pub network: Option<String>,
}

impl OpenedSource {
    /// Completes the options with the named network, unless they choose one.
    pub(super) fn options(&self, options: Options) -> Options {
        Options { network: options.network.or_else(|| self.network.clone()), ..options }
    }
}

/// Opens a file, `-`, `zoo:NAME`, or a text.
pub(super) fn open(file: Option<&str>, text: Option<&str>) -> Result<OpenedSource, CliError> {
    if let (Some(name), None) = (file.and_then(|file| file.strip_prefix("zoo:")), text) {
        let (file, network) = zoo::find(name)?;
        return Ok(OpenedSource { session: zoo::open(file), network: network.map(str::to_owned) });
    }
    let session = match (file, text) {
        (_, Some(text)) => Session::load(&files::FileLoader, "inline", text.as_bytes().to_vec(), "inline"),
        (Some("-") | None, None) => {
            let bytes = files::read_source(std::io::stdin().lock());
            let bytes = bytes.map_err(|error| {
                CliError::Environment(Failure::new(Code::E0609, format!("cannot read stdin: {error}")))
            })?;
            Session::load(&files::FileLoader, "stdin", bytes, "inline")
        }
        (Some(path), None) if import::is_model(path) => import::open(path)?,
        (Some(path), None) => {
            let path = files::slashed(path);
            Session::open(&files::FileLoader, &path).map_err(CliError::Environment)?
        }
    };
    Ok(OpenedSource { session, network: None })
}

impl Source {
    /// Compiles the chosen network and passes it to `then`; diagnostics go to stderr. A failing `expect` is shown after
    /// the output of `then`, because the figures there explain it.
    ///
    /// Session and network are leaked: freeing them would take a tenth of the time of a report.
    pub(super) fn compile(
        &self,
        then: impl FnOnce(&'static Session, &'static Checked) -> CliResult,
    ) -> CliResult {
        let opened = open(self.file.as_deref(), self.text.as_deref())?;
        let options = opened.options(self.settings.options()?);
        let session: &Session = Box::leak(Box::new(opened.session));
        let outcome = session.compile(&options).map_err(stop)?;
        let failed = outcome.failed();
        if outcome.unchecked > 0 {
            let expectations = counted(outcome.unchecked as u64, "expectation");
            output::error(&format!(
                "note: {expectations} not checked: the network is given other arguments than it is written with\n"
            ));
        }
        let say = |diagnostics: &[Diagnostic]| {
            output::diagnostics(diagnostics, session.sources(), self.settings.color);
            if failed {
                output::error(&format!("{}\n", output::counts(diagnostics)));
            }
        };
        let Some(checked) = outcome.checked else {
            say(&outcome.diagnostics);
            return Err(CliError::Model);
        };
        if !failed {
            say(&outcome.diagnostics);
            return then(session, Box::leak(Box::new(checked)));
        }
        let done = then(session, Box::leak(Box::new(checked)));
        say(&outcome.diagnostics);
        done.and(Err(CliError::Model))
    }

    /// The folder of the file, with a trailing `/`; empty for the current one.
    pub(super) fn folder(&self) -> String {
        match self.file.as_deref().and_then(|file| file.rsplit_once('/')) {
            Some((folder, _)) => format!("{folder}/"),
            None => String::new(),
        }
    }
}
