//! The table of foreign operators, layers and functions.

use crate::ops::{self, Sizes};

/// A word of other tools.
#[derive(Clone, Copy)]
pub(super) struct Word {
    /// Its spellings in lower case, without `_` and a trailing `2d`.
    names: &'static [&'static str],
    /// The tools that use the word.
    tools: &'static str,
    pub kind: Kind,
}

impl Word {
    /// The tool and its word: ``PyTorch's `Conv2d` ``.
    pub(super) fn origin(&self, written: &str) -> String {
        let tools = if written.ends_with("2D") { KERAS } else { self.tools };
        format!("{tools} `{written}`")
    }
}

/// The form of the translation.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// These words, without arguments.
    Plain(&'static str),
    /// A word and perhaps a value.
    Valued { word: &'static str, after: Option<&'static str> },
    /// A word and a number of outputs.
    Filters { word: &'static str },
    /// A word and a kernel, with filters or without.
    Kernel { word: &'static str, filters: bool },
    /// A word and a window.
    Window { word: &'static str },
    /// A branch form.
    Form(&'static str),
    /// Several statements; an example.
    Advice(&'static str),
    /// Nothing that one statement says; an explanation.
    Explained(&'static str),
}

const TORCH: &str = "PyTorch's";
const KERAS: &str = "Keras'";
const ONNX: &str = "ONNX'";
const CAFFE: &str = "Caffe's";
const DARKNET: &str = "Darknet's";
const MANY: &str = "what other tools call";

const fn plain(names: &'static [&'static str], tools: &'static str, written: &'static str) -> Word {
    Word { names, tools, kind: Kind::Plain(written) }
}

const fn valued(names: &'static [&'static str], tools: &'static str, word: &'static str) -> Word {
    Word { names, tools, kind: Kind::Valued { word, after: None } }
}

const fn kernel(names: &'static [&'static str], tools: &'static str, word: &'static str) -> Word {
    Word { names, tools, kind: Kind::Kernel { word, filters: true } }
}

const fn window(names: &'static [&'static str], tools: &'static str, word: &'static str) -> Word {
    Word { names, tools, kind: Kind::Window { word } }
}

const fn units(names: &'static [&'static str], tools: &'static str) -> Word {
    Word { names, tools, kind: Kind::Filters { word: "dense" } }
}

const fn form(names: &'static [&'static str], tools: &'static str, form: &'static str) -> Word {
    Word { names, tools, kind: Kind::Form(form) }
}

const fn advice(names: &'static [&'static str], tools: &'static str, example: &'static str) -> Word {
    Word { names, tools, kind: Kind::Advice(example) }
}

const fn explained(names: &'static [&'static str], explanation: &'static str) -> Word {
    Word { names, tools: MANY, kind: Kind::Explained(explanation) }
}

const fn depthwise(names: &'static [&'static str], tools: &'static str) -> Word {
    Word { names, tools, kind: Kind::Kernel { word: "dwconv", filters: false } }
}

const fn padding(names: &'static [&'static str], mode: &'static str) -> Word {
    Word { names, tools: TORCH, kind: Kind::Valued { word: "pad", after: Some(mode) } }
}

static WORDS: &[Word] = &[
    kernel(&["conv", "convolution2d"], TORCH, "conv"),
    kernel(&["convolution"], CAFFE, "conv"),
    kernel(&["convolutional"], DARKNET, "conv"),
    kernel(&["convtranspose", "transposedconv", "upconv"], TORCH, "deconv"),
    kernel(&["conv2dtranspose"], KERAS, "deconv"),
    kernel(&["deconvolution", "deconvolutional"], CAFFE, "deconv"),
    depthwise(&["depthwiseconv", "depthwiseconvolution", "depthwise", "convdw"], KERAS),
    advice(&["separableconv", "sepconv"], KERAS, "dwconv 3x3 same; conv 1x1x64"),
    units(&["linear", "lazylinear"], TORCH),
    units(&["fc", "fullyconnected", "mlp"], MANY),
    units(&["innerproduct"], CAFFE),
    units(&["gemm", "matmul"], ONNX),
    units(&["connected"], DARKNET),
    window(&["maxpool"], TORCH, "maxpool"),
    window(&["maxpooling"], KERAS, "maxpool"),
    window(&["pooling", "pool"], CAFFE, "maxpool"),
    window(&["avgpool"], TORCH, "avgpool"),
    window(&["averagepooling"], KERAS, "avgpool"),
    window(&["averagepool", "meanpool"], ONNX, "avgpool"),
    plain(&["gap", "globalpool", "globalavgpool", "globalaveragepool"], MANY, "avgpool global"),
    plain(&["globalaveragepooling"], KERAS, "avgpool global"),
    plain(&["globalmaxpool", "globalmaxpooling", "gmp"], MANY, "maxpool global"),
    valued(&["adaptiveavgpool"], TORCH, "avgpool to"),
    valued(&["adaptivemaxpool"], TORCH, "maxpool to"),
    plain(&["batchnorm", "batchnorm1d", "syncbatchnorm"], TORCH, "bn"),
    plain(&["batchnormalization", "batchnormalisation"], KERAS, "bn"),
    plain(&["layernormalization", "layernormalisation", "ln"], KERAS, "layernorm"),
    valued(&["localresponsenorm", "localresponsenormalization", "lrnorm"], TORCH, "lrn"),
    valued(&["groupnormalization", "gn"], KERAS, "groupnorm"),
    plain(&["instancenormalization", "in"], ONNX, "instancenorm"),
    plain(&["swish"], KERAS, "silu"),
    plain(&["hardswish"], TORCH, "hswish"),
    plain(&["hardsigmoid"], TORCH, "hsigmoid"),
    plain(&["logistic"], DARKNET, "sigmoid"),
    valued(&["leakyrelu", "lrelu"], TORCH, "leaky"),
    plain(&["relu", "rectifier"], MANY, "relu"),
    plain(&["parametricrelu"], MANY, "prelu"),
    plain(&["logsoftmax"], TORCH, "logsoftmax"),
    plain(&["softmaxwithloss"], CAFFE, "softmax"),
    plain(&["clamp"], TORCH, "clip min=0 max=6"),
    plain(&["view", "reshape", "ravel"], TORCH, "flatten"),
    form(&["concatenate", "cat"], MANY, "concat"),
    advice(&["route"], DARKNET, "concat < @a | @b >"),
    advice(&["shortcut", "skip"], DARKNET, "residual < … >` or `add < identity | @name >"),
    form(&["eltwise", "sum"], CAFFE, "add"),
    form(&["multiply"], KERAS, "mul"),
    form(&["subtract"], KERAS, "sub"),
    form(&["maximum"], KERAS, "max"),
    form(&["minimum"], KERAS, "min"),
    advice(&["chunk"], TORCH, "split 2 < a | b >"),
    valued(&["upsampling", "resize", "interpolate", "upsamplingnearest"], MANY, "upsample"),
    valued(&["upsamplingbilinear"], TORCH, "upsample"),
    valued(&["zeropad", "zeropadding", "constantpad"], MANY, "pad"),
    padding(&["reflectionpad"], "reflect"),
    padding(&["replicationpad"], "replicate"),
    padding(&["circularpad"], "circular"),
    advice(&["activation"], KERAS, "relu"),
    valued(&["spatialdropout", "alphadropout"], KERAS, "dropout"),
    valued(&["channelshuffle"], TORCH, "shuffle"),
    valued(&["depthtospace", "subpixel"], ONNX, "pixelshuffle"),
    valued(&["spacetodepth", "reorg"], ONNX, "pixelunshuffle"),
    valued(&["cropping", "centercrop"], KERAS, "crop"),
    advice(&["sequential", "modulelist"], TORCH, "[ conv 3x3x64 same relu; maxpool 2/2 ]"),
    explained(&["repeat", "loop"], "`conv 3x3x8 same * 3` repeats a statement, `[ … ] * 3` a group"),
    explained(
        &["output", "outputs", "return"],
        "the last value is the output; `aux < … > as name` adds another one",
    ),
    explained(
        &["const", "var", "set", "def", "define", "param"],
        "`let n = 3;` declares a constant, `block name(n) { … }` a block",
    ),
    explained(&["assert", "require"], "`expect params <= 5M;` checks a figure, `-> 8x8x16` a shape"),
    advice(&["inputlayer", "data"], MANY, "input 224x224x3"),
];

/// Finds a word in any spelling: letter case, `_` and a trailing `2d` do not matter. Operators of the catalogue in
/// another spelling are found too.
pub(super) fn find(word: &str) -> Option<Word> {
    let lower: String = word.chars().filter(|&one| one != '_').flat_map(char::to_lowercase).collect();
    let plain = lower.strip_suffix("2d").or_else(|| lower.strip_suffix("layer")).unwrap_or(&lower);
    let listed = WORDS.iter().find(|known| known.names.iter().any(|name| *name == plain || *name == lower));
    listed.copied().or_else(|| respelt(word, plain))
}

/// Finds an operator or form of the catalogue in another spelling.
fn respelt(word: &str, plain: &str) -> Option<Word> {
    if plain == word {
        return None;
    }
    let kind = match (ops::find(plain), ops::form(plain)) {
        (Some(spec), _) => match spec.sizes {
            Sizes::KernelFilters => Kind::Kernel { word: spec.name, filters: true },
            Sizes::Kernel => Kind::Kernel { word: spec.name, filters: false },
            Sizes::Window | Sizes::WindowOrWord => Kind::Window { word: spec.name },
            _ if spec.name == "dense" => Kind::Filters { word: spec.name },
            Sizes::None if spec.value.is_none() => Kind::Plain(spec.name),
            _ => Kind::Valued { word: spec.name, after: None },
        },
        (None, Some(form)) => Kind::Form(form.name),
        (None, None) if plain == ops::IDENTITY => Kind::Plain(ops::IDENTITY),
        (None, None) => return None,
    };
    Some(Word { names: &[], tools: MANY, kind })
}
