"""Random programs for the ways out: `identity.py CNNC random` and `export_pytorch.py --random`.

    python programs.py SEED      prints the program of a seed

A program is made of operators, blocks with parameters, repetitions with numbered names, nests of residual, dense and
inception forms, several inputs, auxiliary outputs, shared weights, tables, maps and vectors. Every value is used.
"""
import random
import sys

WORDS = ["relu", "relu6", "silu", "gelu", "hswish", "hsigmoid", "sigmoid", "tanh", "mish", "elu 0.5", "leaky 0.1", "selu", "celu 0.7",
         "softplus", "softsign", "hardtanh", "stanh", "quickgelu", "prelu", "abs", "square", "clip min=-0.5 max=1.5", "times 0.5",
         "times (-2)", "plus 0.25", "scale", "scale bias", "neg", "gelu approx", "dropout 0.2", "hsigmoid 0.2", "prelu shared"]
PLAIN = ["relu", "silu", "hswish", "gelu", "tanh", "bn", "identity", "sigmoid"]


class Program:
    """A random program: its items, its statements, and the names that a later statement may use."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.items, self.lines, self.blocks, self.named, self.count = [], [], [], {}, 0
        rng = self.rng
        self.train = rng.random() < 0.1
        shape = self.begin()
        for _ in range(rng.randint(2, 8)):
            text, shape = self.statement(shape, 2, top=True)
            self.lines.append(f"{text};")
            if shape[-1] * self.area(shape) > 20_000:
                break
        self.text = "\n".join(self.items + self.lines) + "\n"

    # Small helpers.

    def pick(self, *choices):
        return self.rng.choice(choices)

    def maybe(self, share=0.5):
        return self.rng.random() < share

    def number(self):
        self.count += 1
        return self.count

    @staticmethod
    def area(shape):
        return shape[0] * shape[1] if len(shape) == 3 else 1

    def begin(self):
        """The inputs; gives the shape of the current value."""
        rng = self.rng
        if self.maybe(0.1):
            size = rng.randint(2, 30)
            self.lines.append(f"input {size};")
            return (size,)
        h, w, c = rng.randint(4, 14), rng.randint(4, 14), rng.choice([1, 2, 3, 4, 6, 8])
        if self.maybe(0.8):
            self.lines.append(f"input {h}x{w}x{c};")
            return (h, w, c)
        other = rng.choice([c, 2, 5])
        self.lines += [f"input {h}x{w}x{c} as left;", f"input {h}x{w}x{other} as right;"]
        n = rng.randint(1, 6)
        if other == c and self.maybe():
            self.items.append(f"block tower() {{ conv 3x3x{n} pad=1{self.words()}; }}")
            self.lines += ["@left; tower() as first;", "@right; shared first as second;", "concat < @first | identity >;"]
            return (h, w, 2 * n)
        self.lines += [f"@left; conv 3x3x{n} same{self.words()}; identity as first;", f"@right; conv 1x1x{n}{self.words()};"]
        form = self.pick("concat", "add", "sub", "mul", "max")
        self.lines.append(f"{form} < identity | @first >;")
        return (h, w, 2 * n) if form == "concat" else (h, w, n)

    def words(self):
        """Trailing words: perhaps a normalisation, perhaps an activation."""
        text = self.pick("", "", " bn", " bn", " groupnorm 1", " bn eps=0.001")
        if self.maybe(0.7):
            text += " " + self.rng.choice(WORDS)
        return text

    # Statements: from a shape, a text and the shape behind it.

    def statement(self, shape, depth, top=False):
        """A statement; `depth` limits nests, and at the `top` stand names, inputs' references and further outputs."""
        if len(shape) == 1:
            return self.on_vector(shape, depth, top)
        kinds = [self.convolution] * 5 + [self.depthwise, self.pool, self.pool, self.elementwise, self.elementwise, self.normal]
        kinds += [self.rearranged, self.rearranged, self.resized, self.bordered, self.transposed, self.sliced, self.tabled]
        if depth > 0:
            kinds += [self.residual] * 4 + [self.dense] * 2 + [self.inception] * 2 + [self.combined, self.gated, self.split]
            kinds += [self.repeated] * 2 + [self.called] * 4
        if top:
            kinds += [self.flattened, self.further, self.shared, self.skipped, self.skipped]
        return self.rng.choice(kinds)(shape, depth)

    def on_vector(self, shape, depth, top):
        n = shape[0]
        kind = self.pick("dense", "dense", "dense", "word", "norm", "slice", "map", "join", "softmax", "rbf")
        if kind == "dense":
            wide = self.rng.randint(1, 12)
            return f"dense {wide}{self.words().replace(' groupnorm 1', '')}", (wide,)
        if kind == "norm":
            # Torch refuses groups of one element.
            groups = self.divisor(n)
            group = f"groupnorm {groups}" if groups < n else "bn"
            return self.pick("layernorm", "rmsnorm", "l2norm", "bn", group, "layernorm eps=0.001"), shape
        if kind == "slice" and n > 1:
            k = self.rng.randint(1, n - 1)
            return f"slice {k} at={self.rng.randint(0, n - k)}", (k,)
        if kind == "map":
            if n % 4 == 0 and self.maybe():
                return f"unflatten 2x2x{n // 4}", (2, 2, n // 4)
            return f"unflatten 1x1x{n}", (1, 1, n)
        if kind == "join" and depth:
            form = self.pick("add", "concat", "residual", "mul")
            if form == "residual":
                return f"residual < dense {n}{self.pick('', ' relu')} >", shape
            return f"{form} < identity | dense {n} relu >", (2 * n,) if form == "concat" else shape
        if kind == "softmax":
            return self.pick("softmax", "logsoftmax"), shape
        if kind == "rbf" and top:
            wide = self.rng.randint(1, 5)
            return f"rbf {wide}", (wide,)
        return self.rng.choice(WORDS), shape

    def divisor(self, number):
        return self.rng.choice([one for one in range(1, number + 1) if number % one == 0])

    def convolution(self, shape, depth=0):
        h, w, c = shape
        n = self.rng.choice([1, 2, 3, 4, 6, 8])
        k = self.rng.choice([1, 1, 3, 3, 5])
        kh, kw = (k, k) if self.maybe(0.8) else (self.pick(1, 2, 3), self.pick(1, 3, 4))
        groups = self.rng.choice([g for g in (1, 1, 1, 2, 3, 4) if c % g == 0 and n % g == 0])
        extra = f" groups={groups}" if groups > 1 else ""
        extra += self.pick("", "", "", " nobias")
        stride = self.pick(1, 1, 1, 2)
        slash = f"/{stride}" if stride > 1 else ""
        if kh == kw == 3 and min(h, w) > 2 and self.maybe(0.6):
            border = self.pick("", "", "", " reflect", " replicate", " circular")
            dilate = self.pick("", "", " dilate=2") if not border else ""
            pad = 2 if dilate else 1
            out = [(size - 1) // stride + 1 for size in (h, w)]
            return f"conv 3x3x{n}{slash}{border} pad={pad}{dilate}{extra}{self.words()}", (*out, n)
        if self.maybe(0.2) and h >= kh and w >= kw:
            return f"conv {kh}x{kw}x{n}{extra}{self.words()}", (h - kh + 1, w - kw + 1, n)
        out = [-(-size // stride) for size in (h, w)]
        return f"conv {kh}x{kw}x{n}{slash} same{extra}{self.words()}", (*out, n)

    def depthwise(self, shape, depth):
        h, w, c = shape
        k, stride, mult = self.pick(3, 3, 5, 1), self.pick(1, 1, 2), self.pick(1, 1, 2)
        text = f"dwconv {k}x{k}" + (f"/{stride}" if stride > 1 else "") + " same" + (f" mult={mult}" if mult > 1 else "")
        return text + self.words(), (-(-h // stride), -(-w // stride), c * mult)

    def transposed(self, shape, depth):
        h, w, _ = shape
        n, k, stride = self.rng.randint(1, 6), self.pick(2, 3, 4), self.pick(1, 2)
        slash = f"/{stride}" if stride > 1 else ""
        if self.maybe():
            return f"deconv {k}x{k}x{n}{slash} same{self.words()}", (h * stride, w * stride, n)
        return f"deconv {k}x{k}x{n}{slash}{self.words()}", ((h - 1) * stride + k, (w - 1) * stride + k, n)

    def pool(self, shape, depth):
        h, w, c = shape
        word = self.pick("maxpool", "avgpool")
        form = self.pick("same", "pad", "global", "to", "ceil", "countpad", "subsample")
        if form == "global":
            return f"{word} global", (1, 1, c)
        if form == "to":
            rows, columns = self.rng.randint(1, h), self.rng.randint(1, w)
            return f"{word} to {rows}x{columns}", (rows, columns, c)
        if min(h, w) < 3:
            return f"{word} 2/1 same", shape
        if form == "pad":
            return f"{word} 3/2 pad=1", ((h - 1) // 2 + 1, (w - 1) // 2 + 1, c)
        if form == "ceil":
            return f"{word} 2/2 ceil", (-(-h // 2), -(-w // 2), c)
        if form == "countpad":
            return "avgpool 3/1 pad=1 countpad", shape
        if form == "subsample":
            return "subsample 2/2 tanh", (h // 2, w // 2, c)
        stride = self.pick(1, 2)
        return f"{word} 3/{stride} same", (-(-h // stride), -(-w // stride), c)

    def elementwise(self, shape, depth):
        words = [word for word in WORDS if word not in ("square",)]
        return self.rng.choice(words), shape

    def normal(self, shape, depth):
        c = shape[2]
        words = ["bn", "layernorm", "l2norm", "rmsnorm", "softmax", "lrn 5 k=2 alpha=0.1 beta=0.75", "bn noscale", "bn nobias",
                 "lrn 3 k=1 alpha=0.5 beta=0.5 mean"]
        if self.area(shape) > 6:
            words += [f"groupnorm {self.divisor(c)}", "instancenorm", "instancenorm affine", "instancenorm eps=0.001"]
        word = self.rng.choice(words)
        if c == 1 and word in ("layernorm", "l2norm", "rmsnorm", "softmax"):
            word = "bn"
        return word + self.pick("", "", " relu"), shape

    def rearranged(self, shape, depth):
        h, w, c = shape
        kinds = [f"shuffle {self.divisor(c)}"]
        if c % 4 == 0:
            kinds += ["pixelshuffle 2", "pixelshuffle 2 dcr"]
        if h % 2 == 0 and w % 2 == 0:
            kinds += ["pixelunshuffle 2", "pixelunshuffle 2 dcr"]
        text = self.rng.choice(kinds)
        if "unshuffle" in text:
            shape = (h // 2, w // 2, c * 4)
        elif "pixel" in text:
            shape = (h * 2, w * 2, c // 4)
        return text + self.pick("", " relu", " scale"), shape

    def resized(self, shape, depth):
        h, w, c = shape
        mode = self.pick("", " bilinear", " bilinear corners", " bicubic", " bicubic corners")
        if self.maybe():
            return f"upsample 2{mode}", (h * 2, w * 2, c)
        to = (self.rng.randint(1, 12), self.rng.randint(1, 12))
        return f"upsample to {to[0]}x{to[1]}{mode}", (*to, c)

    def bordered(self, shape, depth):
        h, w, c = shape
        if min(h, w) > 2 and self.maybe():
            return self.pick((f"crop to {h - 1}x{w - 2}", (h - 1, w - 2, c)), ("crop 1", (h - 2, w - 2, c)), ("crop (1, 0, 0, 1)", (h - 1, w - 1, c)))
        top, bottom, left, right = (self.rng.randint(0, 1) for _ in range(4))
        mode = self.pick("", "", " value=0.5", " replicate", " circular")
        return f"pad ({top}, {bottom}, {left}, {right}){mode}", (h + top + bottom, w + left + right, c)

    def sliced(self, shape, depth):
        h, w, c = shape
        if c == 1 or self.maybe(0.3):
            return self.pick("mean channels", "max channels"), (h, w, 1)
        n = self.rng.randint(1, c - 1)
        return f"slice {n} at={self.rng.randint(0, c - n)}", (h, w, n)

    def tabled(self, shape, depth):
        h, w, c = shape
        if c < 2:
            return self.convolution(shape)
        name, filters = f"t{self.number()}", self.rng.randint(2, 5)
        rows = [sorted(self.rng.sample(range(c), self.rng.randint(1, c))) for _ in range(filters)]
        self.items.append(f"table {name} {c} -> {filters} {{ " + " ".join(" ".join(map(str, row)) + ";" for row in rows) + " }")
        return f"conv 3x3x{filters} table={name} pad=1 tanh", (h, w, filters)

    # Forms.

    def branch(self, shape, wanted, depth):
        """Statements from a map to one of a wanted shape with the same height and width."""
        h, w, c = shape
        texts = []
        if depth > 1 and self.maybe(0.3):
            text, behind = self.pick(self.residual, self.dense, self.gated)(shape, depth - 1)
            if behind[:2] == shape[:2]:
                texts.append(text)
                shape = behind
        if self.maybe(0.6):
            middle = self.rng.randint(1, 6)
            texts.append(f"conv {self.pick('1x1', '3x3', '1x3')}x{middle} same{self.words()}")
        if self.maybe(0.2):
            texts.append(f"{self.pick('maxpool', 'avgpool')} 3/1 pad=1")
        texts.append(f"conv {self.pick('1x1', '3x3', '5x5')}x{wanted} same{self.words()}")
        return "; ".join(texts), (h, w, wanted)

    def residual(self, shape, depth):
        h, w, c = shape
        kind = self.pick("plain", "plain", "plain", "project", "project bn", "zeropad", "ifsame", "scale", "shortcut")
        last = self.pick("", " relu", " bn relu")
        if kind in ("plain", "scale"):
            text, _ = self.branch(shape, c, depth)
            return f"residual{' scale=0.3' if kind == 'scale' else ''} < {text} >{last}", shape
        n = self.rng.randint(c, c + 4) if kind == "zeropad" else self.pick(c, self.rng.randint(1, 8))
        if kind == "shortcut":
            text, _ = self.branch(shape, n, depth)
            return f"residual < {text} | conv 1x1x{n}{self.pick('', ' bn')} >{last}", (h, w, n)
        stride = self.pick(1, 2) if kind != "ifsame" else 1
        text = f"conv 3x3x{n}{'/2' if stride > 1 else ''} pad=1{self.words()}; conv 1x1x{n}{self.pick('', ' bn')}"
        return f"residual {kind} < {text} >{last}", ((h - 1) // stride + 1, (w - 1) // stride + 1, n)

    def dense(self, shape, depth):
        h, w, c = shape
        growth = self.rng.randint(1, 4)
        text, _ = self.branch(shape, growth, depth)
        return f"concat < identity | {text} >", (h, w, c + growth)

    def inception(self, shape, depth):
        h, w, _ = shape
        sizes = [self.rng.randint(1, 4) for _ in range(self.rng.randint(2, 4))]
        branches = [self.branch(shape, size, depth)[0] for size in sizes]
        return f"{self.pick('inception', 'concat')} < " + " | ".join(branches) + " >" + self.pick("", " relu"), (h, w, sum(sizes))

    def combined(self, shape, depth):
        h, w, c = shape
        form = self.pick("add", "sub", "max", "min", "mul")
        n = self.rng.randint(1, 5)
        branches = [self.branch(shape, n, depth)[0] for _ in range(2 if form == "sub" else self.rng.randint(2, 3))]
        return f"{form} < " + " | ".join(branches) + " >", (h, w, n)

    def gated(self, shape, depth):
        c = shape[2]
        middle = self.rng.randint(1, 4)
        gate = self.pick(f"avgpool global; conv 1x1x{middle} relu; conv 1x1x{c} sigmoid", "mean channels sigmoid", f"conv 1x1x{c} sigmoid",
                         "avgpool global; sigmoid")
        return f"mul < identity | {gate} >", shape

    def split(self, shape, depth):
        h, w, c = shape
        if c < 2:
            return self.gated(shape, depth)
        cut = c // 2 if c % 2 == 0 and self.maybe() else self.rng.randint(1, c - 1)
        text, (_, _, other) = self.branch((h, w, c - cut), self.pick(c - cut, 3), 1)
        first = self.pick("identity", "relu", "conv 1x1x2")
        own = 2 if first.startswith("conv") else cut
        word = "split 2" if 2 * cut == c else f"split ({cut}, {c - cut})"
        return f"{word} < {first} | {text} >{self.pick('', f' shuffle {self.divisor(own + other)}')}", (h, w, own + other)

    # Repetition, blocks and names.

    def repeated(self, shape, depth):
        h, w, c = shape
        times, name = self.rng.randint(1, 3), f"r{self.number()}"
        inner, shape = self.pick(self.residual, self.dense, self.convolution)((h, w, c), 1)
        if self.maybe() or shape != (h, w, c):
            inner, shape = f"conv 3x3x{c} same{self.words()}; residual < conv 1x1x{c} bn > relu", (h, w, c)
        shown = self.pick("", f" as {name}", f" as {name}", f' as {name}."m*" from 1', f" as {name}[]")
        if "[]" in shown or '"' in shown:
            return f"[{inner}]{shown}", shape
        return f"[{inner}] * {times}{shown}", shape

    def called(self, shape, depth):
        h, w, c = shape
        kind = self.pick("cba", "bottleneck", "layer", "inline")
        made = [block for block in self.blocks if block.startswith(kind)]
        name = self.rng.choice(made) if made and self.maybe(0.7) else f"{kind}{self.number()}"
        if name not in self.blocks:
            self.blocks.append(name)
            word = self.rng.choice(PLAIN)
            self.items.append({
                "cba": f"block {name}(c, k = 3, s = 1, word act = {word}) {{ conv (k)x(k)x(c)/(s) pad=(k // 2) bn act; }}",
                "bottleneck": f"block {name}(m, c, s = 1) {{ residual project bn < conv 1x1x(m) bn relu; "
                              f"conv 3x3x(m)/(s) pad=1 bn relu; conv 1x1x(c) bn > relu; }}",
                "layer": f"block {name}(g) {{ concat < identity | bn relu; conv 3x3x(g) pad=1 nobias > }}",
                "inline": f"inline block {name}(c) {{ conv 3x3x(c) same {self.rng.choice(PLAIN[:4])}; dwconv 3x3 same bn; }}",
            }[kind])
        shown, n, times = self.pick("", "", f" as b{self.number()}"), self.rng.randint(1, 6), self.pick(1, 1, 2, 3)
        star = f" * {times}" if times > 1 else ""
        if kind == "cba":
            more = self.pick("", ", k=1", ", act=relu", ", k=5, act=silu")
            return f"{name}({n}{more}){star}{shown}", (h, w, n)
        if kind == "bottleneck":
            stride = self.pick(1, 2) if not star else 1
            return f"{name}({self.rng.randint(1, 4)}, {n}{', s=2' if stride > 1 else ''}){star}{shown}", ((h - 1) // stride + 1, (w - 1) // stride + 1, n)
        if kind == "layer":
            return f"{name}({n}){star}{shown}", (h, w, c + n * times)
        return f"{name}({n}){star}", (h, w, n)

    # What stands in the network itself.

    def flattened(self, shape, depth):
        h, w, c = shape
        if h * w * c > 2000:
            return "avgpool global", (1, 1, c)
        return self.pick("flatten", "flatten", "flatten hwc"), (h * w * c,)

    def further(self, shape, depth):
        name = f"side{self.number()}"
        train = " train" if self.train else ""
        body = self.pick("identity" if not train else "relu", "avgpool global; flatten; dense 3", "conv 1x1x2 relu", "conv 3x3x2 same; maxpool global")
        text, behind = self.convolution(shape)
        return f"aux{train} < {body} > as {name};\n{text}", behind

    def shared(self, shape, depth):
        h, w, c = shape
        name = f"s{self.number()}"
        body = self.pick(f"conv 3x3x{c} same{self.words()}", f"conv 1x1x{c} bn relu")
        return f"{body} as {name}; {self.pick('relu', 'tanh', 'maxpool 3/1 pad=1')}; shared {name} as {name}_again", shape

    def skipped(self, shape, depth):
        """A U-Net of one level, or a value that is used once more."""
        h, w, c = shape
        name, n = f"e{self.number()}", self.rng.randint(1, 6)
        text = f"conv 3x3x{n} same{self.words()}; identity as {name}; "
        if h % 2 == 0 and w % 2 == 0 and self.maybe(0.7):
            up = self.pick("upsample 2", "upsample 2 bilinear", f"deconv 2x2x{n}/2", f"deconv 4x4x{n}/2 same")
            inner, (_, _, middle) = self.branch((h // 2, w // 2, n), self.rng.randint(1, 6), 1)
            out = n if up.startswith("deconv") else middle
            text += f"maxpool 2/2; {inner}; {up}; concat < @{name} | identity >"
            return text, (h, w, out + n)
        inner, _ = self.branch((h, w, n), n, 1)
        return text + f"{inner}; {self.pick('add', 'mul', 'max')} < identity | @{name} >", (h, w, n)


def programs(count, seed):
    """Pairs of a name and a text."""
    return [(f"{seed}-{number}", Program(seed * 1_000_000 + number).text) for number in range(count)]


if __name__ == "__main__":
    print(Program(int(sys.argv[1])).text, end="")
