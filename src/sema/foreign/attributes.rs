//! The table of foreign named arguments: `padding=1`, `strides=2`, `use_bias=False`.

/// The counterpart in this language of a named argument of another tool.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sema) enum Meaning {
    /// The kernel of the size.
    Kernel(String),
    /// The last number of the size, or the value.
    Filters(String),
    /// The number behind the `/` of the size.
    Stride(String),
    /// The value behind the word.
    Value(String),
    /// A flag or attribute.
    Written(String),
    /// A trailing word.
    Trailing(String),
    /// No counterpart exists, for this reason.
    Left(&'static str),
}

impl Meaning {
    /// Describes the counterpart in words.
    pub(in crate::sema) fn shown(&self) -> String {
        match self {
            Meaning::Kernel(kernel) => format!("the beginning of the size, `{}`", super::square(kernel)),
            Meaning::Filters(filters) => format!("the last number of the size, `{filters}`"),
            Meaning::Stride(stride) => format!("the stride behind the size, `/{stride}`"),
            Meaning::Value(value) => format!("the value behind the word, `{value}`"),
            Meaning::Written(written) if written.is_empty() => "the default".to_owned(),
            Meaning::Written(written) => format!("`{written}`"),
            Meaning::Trailing(word) => format!("the trailing word `{word}`"),
            Meaning::Left(why) => format!("left out: {why}"),
        }
    }
}

/// The counterpart of `name=value`; `None` where no tool is known to have this argument.
pub(in crate::sema) fn meaning(name: &str, value: &str) -> Option<Meaning> {
    let lower: String = name.chars().filter(|&one| one != '_').flat_map(char::to_lowercase).collect();
    let value = value.trim_matches('"');
    let word = value.to_lowercase();
    let text = || value.to_owned();
    let pair = || value.trim_matches(['(', ')']).replace(", ", "x").replace(',', "x");
    let is_true = matches!(word.as_str(), "true" | "1" | "yes");
    let is_false = matches!(word.as_str(), "false" | "0" | "no" | "none");
    let flag = |on: &str, off: &str| Meaning::Written(if is_true { on } else { off }.to_owned());
    Some(match lower.as_str() {
        "padding" | "pads" | "pad" => match word.as_str() {
            "same" | "sameupper" => Meaning::Written("same".to_owned()),
            "valid" | "0" => Meaning::Written("valid".to_owned()),
            _ => Meaning::Written(format!("pad={value}")),
        },
        "autopad" => Meaning::Written(if word.starts_with("same") { "same" } else { "valid" }.to_owned()),
        "stride" | "strides" | "subsample" | "s" => Meaning::Stride(pair()),
        "dilation" | "dilations" | "dilationrate" => Meaning::Written(format!("dilate={value}")),
        "group" | "numgroup" | "featuregroupcount" => Meaning::Written(format!("groups={value}")),
        "kernelsize" | "kernelshape" | "ksize" | "kernel" | "poolsize" | "size" | "windowshape" | "k" => {
            Meaning::Kernel(pair())
        }
        "filters" | "outchannels" | "numoutput" | "numfilter" | "units" | "outfeatures" | "channels"
        | "output" | "n" | "out" => Meaning::Filters(text()),
        "bias" | "usebias" | "biasterm" => flag("bias", "nobias"),
        "ceilmode" => flag("ceil", ""),
        "countincludepad" => flag("countpad", ""),
        "aligncorners" => flag("corners", ""),
        "scale" | "affine" if is_false => Meaning::Written("noscale".to_owned()),
        "scale" if !is_true => Meaning::Value(pair()),
        "center" if is_false => Meaning::Written("nobias".to_owned()),
        "axis" | "axes" | "dim" => Meaning::Left("it works along the channels"),
        "outputpadding" => Meaning::Written(format!("outpad={value}")),
        "depthmultiplier" => Meaning::Written(format!("mult={value}")),
        "epsilon" => Meaning::Written(format!("eps={value}")),
        "paddingmode" | "mode" => match word.as_str() {
            "zeros" | "constant" => Meaning::Written(String::new()),
            _ => Meaning::Written(word),
        },
        "activation" | "act" | "nonlinearity" => match word.as_str() {
            "linear" | "none" => Meaning::Left("there is no hidden activation"),
            _ => Meaning::Trailing(match super::trailing(&word) {
                Some(known) => known.written.to_owned(),
                None => word,
            }),
        },
        "p" | "rate" | "prob" | "dropoutratio" | "negativeslope" | "scalefactor" | "upscalefactor"
        | "outputsize" | "numgroups" | "ratio" => Meaning::Value(pair()),
        "inchannels" | "infeatures" | "numfeatures" | "inputchannels" | "numchannels" | "inputdim" => {
            Meaning::Left("the number of channels that arrive is known")
        }
        "momentum" | "trackrunningstats" | "inplace" | "device" | "dtype" | "kernelinitializer"
        | "batchnormalize" | "lr" | "name" | "inputshape" => {
            Meaning::Left("it is no part of the architecture")
        }
        _ => return None,
    })
}
