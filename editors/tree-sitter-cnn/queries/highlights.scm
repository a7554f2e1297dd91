; Of several patterns that fit a node the last one counts. The lists of words are those of the operator catalogue.

(comment) @comment
(string) @string
[(integer) (real) (quantity) (times) (stride) (open)] @number
["cnn" "use" "let" "block" "inline" "network" "table" "input" "labels" "expect" "shared" "as" "from" "in" "word"] @keyword
["+" "-" "*" "/" "//" "%" "^" "=" "->" "==" "<=" ">=" "@"] @operator
["(" ")" "[" "]" "{" "}" "<" ">"] @punctuation.bracket
["," ";" "|" "."] @punctuation.delimiter

(name (identifier) @variable)
(parameter name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(let name: (identifier) @constant)
(table name: (identifier) @constant)
(attribute name: (identifier) @attribute)
(attribute name: (table_attribute) @attribute)
(attribute value: (identifier) @constant)
(function_call function: (identifier) @function.builtin)
(extent) @keyword

(block name: (identifier) @function)
(call block: (identifier) @function)
(network name: (identifier) @type)
(instance name: (identifier) @type)
(instance of: (identifier) @type)

(new_path) @label
(path (part) @label)
(expect path: (path (part) @constant.builtin .))

((operator name: (identifier) @function.builtin)
  (#any-of? @function.builtin "abs" "avgpool" "bn" "celu" "clip" "conv" "crop" "deconv" "dense" "dropout" "dwconv" "elu" "exp" "flatten" "gelu" "groupnorm" "hardtanh" "hsigmoid" "hswish" "instancenorm" "l2norm" "layernorm" "leaky" "log" "logsoftmax" "lrn" "max" "maxpool" "mean" "mish" "neg" "pad" "pixelshuffle" "pixelunshuffle" "plus" "prelu" "quickgelu" "rbf" "relu" "relu6" "rmsnorm" "scale" "selu" "shuffle" "sigmoid" "silu" "slice" "softmax" "softplus" "softsign" "sqrt" "square" "stanh" "subsample" "tanh" "times" "unflatten" "upsample" "add" "aux" "concat" "inception" "max" "min" "mul" "residual" "split" "sub"))
(form name: (identifier) @function.builtin)
((operator name: (identifier) @keyword)
  (#eq? @keyword "identity"))
(word (identifier) @variable.parameter)
((word (identifier) @function.builtin)
  (#any-of? @function.builtin "abs" "avgpool" "bn" "celu" "clip" "conv" "crop" "deconv" "dense" "dropout" "dwconv" "elu" "exp" "flatten" "gelu" "groupnorm" "hardtanh" "hsigmoid" "hswish" "instancenorm" "l2norm" "layernorm" "leaky" "log" "logsoftmax" "lrn" "max" "maxpool" "mean" "mish" "neg" "pad" "pixelshuffle" "pixelunshuffle" "plus" "prelu" "quickgelu" "rbf" "relu" "relu6" "rmsnorm" "scale" "selu" "shuffle" "sigmoid" "silu" "slice" "softmax" "softplus" "softsign" "sqrt" "square" "stanh" "subsample" "tanh" "times" "unflatten" "upsample"))
((word (identifier) @keyword.modifier)
  (#any-of? @keyword.modifier "affine" "approx" "bias" "bicubic" "bilinear" "ceil" "channels" "circular" "corners" "countpad" "dcr" "fixed" "global" "hwc" "ifsame" "letterbox" "nearest" "nobias" "noscale" "orient" "project" "reflect" "replicate" "same" "shared" "to" "train" "valid" "zeropad"))
