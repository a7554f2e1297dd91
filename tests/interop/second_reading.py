"""A second reading of the language's later words, apart from the compiler: names, shapes, parameters and products of
random programs, by this file and by `cnnc report --format json`.

    python tests/interop/second_reading.py [--programs 10000] [--seed 1] [--cnnc target/release/cnnc]
    python tests/interop/second_reading.py --write tests/corpus/later_words.txt --programs 160

A program is made of random statements. Each is written down and at the same time understood here, from the pages of the
language alone (docs/language/reference.md, docs/ops). With `--write` some go into a file, by which `tests/it` compares
them without Python. One program in eight ends with a mistake, which must be found.
The first differences are printed with their programs; the exit code is 1 where there is any. Only Python is needed.
"""

import argparse
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ELEMENTWISE = """relu relu6 sigmoid tanh stanh silu gelu hsigmoid hswish softmax mish selu softplus softsign hardtanh quickgelu
logsoftmax abs square sqrt exp log neg""".split()
WITH_VALUE = {"leaky": "0.2", "elu": "0.5", "celu": "0.7", "times": "2", "plus": "0.5", "dropout": "0.3"}
WORDS = ["relu", "silu", "hswish", "mish", "identity", "sigmoid", "bn", "l2norm"]
# Words of the language that are followed by other arguments, with the rows that they make.
WITH_WORDS = {
    "times (-0.5)": "times", "plus (-2)": "plus", "clip min=0": "clip", "clip max=6": "clip", "clip min=-1 max=1.5": "clip",
    "hsigmoid 0.2": "hsigmoid", "gelu approx": "gelu",
}


class Scope:
    """Where operators get their names: a prefix, ordinals by kind, and perhaps a pattern with the next number."""

    def __init__(self, prefix="", pattern=None, first=0):
        self.prefix, self.ordinals, self.pattern, self.next = prefix, {}, pattern, first

    def name(self, kind, own=None):
        if self.pattern is not None:
            number, self.next = self.next, self.next + 1
            return self.prefix + (own or self.pattern.replace("*", str(number)))
        self.ordinals[kind] = self.ordinals.get(kind, 0) + 1
        return self.prefix + (own or f"{kind}{self.ordinals[kind]}")


class Wrong(Exception):
    """The program is in error."""


class Reading:
    """What a program means so far: its rows by name, and the value that flows."""

    def __init__(self, shape):
        self.rows, self.shape = {}, shape
        # Set while a statement runs once more: the rows whose parameters it takes, in order.
        self.sharing = None

    def row(self, scope, kind, shape, params=(), state=0, macs=0, own=None):
        name = scope.name(kind, own)
        self.add(name, kind, shape, params, state, macs)
        return name

    def add(self, name, kind, shape, params=(), state=0, macs=0):
        """`params` are the shapes of the parameters."""
        assert name not in self.rows, name
        owner = None
        if self.sharing is not None:
            owner, theirs = self.sharing.pop(0)
            if theirs != (list(params), state):
                raise Wrong
            if not params and not state:
                owner = None
        count = 0 if owner else sum(product(one) for one in params)
        row = {"op": kind, "shape": list(shape), "params": count, "state": 0 if owner else state, "macs": macs}
        self.rows[name] = row | {"shares": owner, "declared": (list(params), state)}
        self.shape = tuple(shape)


def product(numbers):
    out = 1
    for number in numbers:
        out *= number
    return out


def same_out(size, stride):
    return -(-size // stride)


def window_out(size, kernel, stride, before, after, dilation=1):
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


class Maker:
    """Makes statements: the text, and a function that reads it into a `Reading` and a `Scope`."""

    def __init__(self, rng):
        self.rng = rng

    # Operators that stand at the head of a statement. Each gives the text, its kind, and a function of the shape that
    # gives the new shape, the parameters' shapes, the elements of state and the products.

    def head(self, shape):
        rng = self.rng
        if len(shape) == 1:
            return rng.choice([self.dense, self.slice_, self.elementwise, self.unflatten])(shape)
        kinds = [self.conv] * 4 + [self.dwconv, self.pool, self.pool, self.deconv, self.slice_, self.crop, self.crop_to]
        kinds += [self.pad, self.pad, self.upsample, self.upsample_to, self.shuffled, self.unshuffled, self.norm, self.norm]
        kinds += [self.elementwise, self.elementwise, self.channels, self.bn]
        return rng.choice(kinds)(shape)

    def size(self, most=3):
        return self.rng.randint(1, most)

    def conv(self, shape):
        h, w, c = shape
        rng = self.rng
        kh, kw = rng.choice([1, 1, 2, 3, 3, 5]), rng.choice([1, 3, 3])
        if rng.random() < 0.7:
            kw = kh
        n, s, d = rng.choice([2, 3, 4, 6, 8]), rng.choice([1, 1, 1, 2]), rng.choice([1, 1, 1, 2])
        groups = rng.choice([g for g in (1, 1, 2, 3) if c % g == 0 and n % g == 0])
        mode = rng.choice(["same", "pad", "pad", "valid", "mode"])
        extent_h, extent_w = d * (kh - 1) + 1, d * (kw - 1) + 1
        text, pads = f"conv {kh}x{kw}x{n}" + (f"/{s}" if s > 1 else ""), (0, 0, 0, 0)
        attributes = ""
        if mode == "mode":
            kind = rng.choice(["reflect", "replicate", "circular"])
            p = 1
            if (kind == "reflect" and min(h, w) < 2) or min(h, w) < 1:
                mode = "same"
            else:
                text, attributes, pads = text + f" {kind}", f" pad={p}", (p,) * 4
        if mode == "pad":
            pads = rng.choice([(1,) * 4, (2,) * 4, (1, 0, 2, 1)])
            attributes += " pad=" + (str(pads[0]) if len(set(pads)) == 1 else "({}, {}, {}, {})".format(*pads))
        if mode == "same":
            text += " same"
        elif h + pads[0] + pads[1] < extent_h or w + pads[2] + pads[3] < extent_w:
            text, attributes, mode = text + " same", "", "same"
            text = text.replace(" reflect", "").replace(" replicate", "").replace(" circular", "")
        bias = rng.random() < 0.7
        text += "" if bias else " nobias"
        text += (f" dilate={d}" if d > 1 else "") + (f" groups={groups}" if groups > 1 else "") + attributes

        def read(shape, drop_bias):
            h, w, c = shape
            # What is reflected must lie in the map.
            if c % groups or (" reflect" in text and min(h, w) < 2):
                raise Wrong
            if mode == "same":
                out = (same_out(h, s), same_out(w, s))
            else:
                if h + pads[0] + pads[1] < extent_h or w + pads[2] + pads[3] < extent_w:
                    raise Wrong
                out = (window_out(h, kh, s, pads[0], pads[1], d), window_out(w, kw, s, pads[2], pads[3], d))
            params = [(n, c // groups, kh, kw)] + ([(n,)] if bias and not drop_bias else [])
            return (*out, n), params, 0, out[0] * out[1] * n * kh * kw * c // groups

        return text, "conv", read

    def dwconv(self, shape):
        k, s, mult = self.rng.choice([1, 3, 5]), self.rng.choice([1, 2]), self.rng.choice([1, 1, 2])
        text = f"dwconv {k}x{k}" + (f"/{s}" if s > 1 else "") + " same" + (f" mult={mult}" if mult > 1 else "")

        def read(shape, drop_bias):
            h, w, c = shape
            out = (same_out(h, s), same_out(w, s), c * mult)
            return out, [(c * mult, 1, k, k)] + ([] if drop_bias else [(c * mult,)]), 0, product(out) * k * k

        return text, "dwconv", read

    def deconv(self, shape):
        rng = self.rng
        k, s, n = rng.choice([2, 3, 4]), rng.choice([1, 2]), rng.choice([2, 3, 4])
        same = rng.random() < 0.5
        text = f"deconv {k}x{k}x{n}" + (f"/{s}" if s > 1 else "") + (" same" if same else "")

        def read(shape, drop_bias):
            h, w, c = shape
            out = (h * s, w * s) if same else ((h - 1) * s + k, (w - 1) * s + k)
            return (*out, n), [(c, n, k, k)] + ([] if drop_bias else [(n,)]), 0, h * w * c * k * k * n

        return text, "deconv", read

    def pool(self, shape):
        h, w, _ = shape
        rng = self.rng
        kind = rng.choice(["maxpool", "avgpool"])
        form = rng.choice(["window", "window", "global", "to"])
        if form == "global":
            return f"{kind} global", kind, lambda shape, _: ((1, 1, shape[2]), [], 0, 0)
        if form == "to":
            to = (self.size(), self.size())
            if to[0] <= h and to[1] <= w:
                return f"{kind} to {to[0]}x{to[1]}", kind, lambda shape, _: ((*to, shape[2]), [], 0, 0)
        k, s = rng.choice([2, 3]), rng.choice([1, 2])
        text = f"{kind} {k}/{s} same"

        def read(shape, _):
            h, w, c = shape
            return (same_out(h, s), same_out(w, s), c), [], 0, 0

        return text, kind, read

    def slice_(self, shape):
        c = shape[-1]
        n = self.rng.randint(1, c)
        at = self.rng.randint(0, c - n)
        text = f"slice {n}" + (f" at={at}" if at or self.rng.random() < 0.3 else "")

        def read(shape, _):
            if at + n > shape[-1]:
                raise Wrong
            return (*shape[:-1], n), [], 0, 0

        return text, "slice", read

    def crop(self, shape):
        h, w, _ = shape
        t, b = self.rng.randint(0, (h - 1) // 2), self.rng.randint(0, (h - 1) // 2)
        left, r = self.rng.randint(0, (w - 1) // 2), self.rng.randint(0, (w - 1) // 2)
        if self.rng.random() < 0.4:
            t = b = left = r = min(t, left)
        text = f"crop {t}" if t == b == left == r else f"crop ({t}, {b}, {left}, {r})"
        if t == b == left == r == 0:
            return self.crop_to(shape)

        def read(shape, _):
            h, w, c = shape
            if t + b >= h or left + r >= w:
                raise Wrong
            return (h - t - b, w - left - r, c), [], 0, 0

        return text, "crop", read

    def crop_to(self, shape):
        h, w, _ = shape
        to = (self.rng.randint(1, h), self.rng.randint(1, w))

        def read(shape, _):
            if to[0] > shape[0] or to[1] > shape[1]:
                raise Wrong
            return (*to, shape[2]), [], 0, 0

        return f"crop to {to[0]}x{to[1]}", "crop", read

    def pad(self, shape):
        h, w, _ = shape
        rng = self.rng
        mode = rng.choice(["", "", "reflect", "replicate", "circular", "value"])
        if rng.random() < 0.5:
            pads = (rng.randint(1, 2),) * 4
        else:
            pads = tuple(rng.randint(0, 2) for _ in range(3)) + (1,)
        limit = {"reflect": lambda size: size - 1, "circular": lambda size: size}.get(mode)
        if limit and (max(pads[:2]) > limit(h) or max(pads[2:]) > limit(w)):
            mode = "replicate"
        text = "pad " + (str(pads[0]) if len(set(pads)) == 1 else "({}, {}, {}, {})".format(*pads))
        text += {"": "", "value": " value=0.5"}.get(mode, f" {mode}")

        def read(shape, _):
            h, w, c = shape
            limit = {"reflect": lambda size: size - 1, "circular": lambda size: size}.get(mode, lambda size: 9)
            if max(pads[:2]) > limit(h) or max(pads[2:]) > limit(w):
                raise Wrong
            return (h + pads[0] + pads[1], w + pads[2] + pads[3], c), [], 0, 0

        return text, "pad", read

    def way(self):
        return self.rng.choice(["", " nearest", " bilinear", " bicubic", " bilinear corners", " bicubic corners"])

    def upsample(self, shape):
        fh, fw = self.rng.choice([(2, 2), (3, 3), (1, 2), (2, 1)])
        size = str(fh) if fh == fw else f"{fh}x{fw}"
        return f"upsample {size}{self.way()}", "upsample", lambda s, _: ((s[0] * fh, s[1] * fw, s[2]), [], 0, 0)

    def upsample_to(self, shape):
        to = (self.rng.randint(1, 14), self.rng.randint(1, 14))
        return f"upsample to {to[0]}x{to[1]}{self.way()}", "upsample", lambda s, _: ((*to, s[2]), [], 0, 0)

    def shuffled(self, shape):
        if shape[2] % 4:
            return self.unshuffled(shape)
        dcr = self.rng.choice(["", " dcr"])

        def read(shape, _):
            h, w, c = shape
            if c % 4:
                raise Wrong
            return (2 * h, 2 * w, c // 4), [], 0, 0

        return f"pixelshuffle 2{dcr}", "pixelshuffle", read

    def unshuffled(self, shape):
        if shape[0] % 2 or shape[1] % 2:
            return self.elementwise(shape)
        dcr = self.rng.choice(["", " dcr"])

        def read(shape, _):
            h, w, c = shape
            if h % 2 or w % 2:
                raise Wrong
            return (h // 2, w // 2, 4 * c), [], 0, 0

        return f"pixelunshuffle 2{dcr}", "pixelunshuffle", read

    def norm(self, shape):
        rng = self.rng
        groups = rng.choice([g for g in (1, 2, 3, 4) if shape[2] % g == 0])
        eps = rng.choice(["", "", " eps=0.001"])
        text, params = rng.choice(
            [
                (f"groupnorm {groups}{eps}", lambda c: [(c,), (c,)]),
                (f"instancenorm{eps}", lambda c: []),
                (f"instancenorm affine{eps}", lambda c: [(c,), (c,)]),
                (f"l2norm{eps}", lambda c: []),
                (f"rmsnorm{eps}", lambda c: [(c,)]),
                (f"layernorm{eps}", lambda c: [(c,), (c,)]),
            ]
        )

        def read(shape, _):
            if text.startswith("groupnorm") and shape[2] % groups:
                raise Wrong
            return shape, params(shape[2]), 0, 0

        return text, text.split()[0], read

    def bn(self, shape):
        flags = self.rng.choice(["", " noscale", " nobias", " noscale nobias"])
        count = 2 - flags.count("no")
        return f"bn{flags}", "bn", lambda s, _: (s, [(s[-1],)] * count, 2 * s[-1], 0)

    def elementwise(self, shape):
        text, kind = self.word()
        return text, kind, lambda s, _: (s, [], 0, 0)

    def word(self):
        """An element-wise word with its arguments, and its kind."""
        pick = self.rng.random()
        if pick < 0.6:
            word = self.rng.choice(ELEMENTWISE)
            return word, word
        if pick < 0.8:
            word = self.rng.choice(list(WITH_VALUE))
            return f"{word} {WITH_VALUE[word]}", word
        text = self.rng.choice(list(WITH_WORDS))
        return text, WITH_WORDS[text]

    def channels(self, shape):
        kind = self.rng.choice(["mean", "max"])
        return f"{kind} channels", kind, lambda s, _: ((s[0], s[1], 1), [], 0, 0)

    def dense(self, shape):
        n = self.rng.choice([3, 5, 8])

        def read(shape, drop_bias):
            return (n,), [(n, shape[0])] + ([] if drop_bias else [(n,)]), 0, n * shape[0]

        return f"dense {n}", "dense", read

    def unflatten(self, shape):
        divisors = [k for k in (1, 2, 3, 4) if shape[0] % k == 0]
        c = self.rng.choice(divisors)
        out = (1, shape[0] // c, c)

        def read(shape, _):
            if product(out) != shape[0]:
                raise Wrong
            return out, [], 0, 0

        return f"unflatten {out[0]}x{out[1]}x{out[2]}", "unflatten", read

    def trailing(self, shape):
        """Words behind a head: the text, and the rows that they make."""
        text, rows = "", []
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            if self.rng.random() < 0.3:
                word, kind, read = self.bn(shape) if len(shape) == 1 or self.rng.random() < 0.6 else self.norm(shape)
                if kind == "groupnorm":
                    continue
                rows.append((kind, read))
            else:
                word, kind = self.word()
                rows.append((kind, lambda s, _: (s, [], 0, 0)))
            text += f" {word}"
        return text, rows

    def plain(self, shape, own=None):
        """A statement of one operator: the text without a name, and how it is read."""
        text, kind, read = self.head(shape)
        words, rows = self.trailing(shape if kind != "unflatten" else (1, 1, 1))
        # An operator that takes both is only tried with what it was made for.
        rank = len(shape)
        drop = bool(rows) and rows[0][0] == "bn"

        def run(reading, scope):
            if len(reading.shape) != rank:
                raise Wrong
            new, params, state, macs = read(reading.shape, drop and kind in ("conv", "dwconv", "deconv", "dense"))
            reading.row(scope, kind, new, params, state, macs, own)
            for trailing, one in rows:
                new, params, state, macs = one(reading.shape, False)
                reading.row(scope, trailing, new, params, state, macs)

        return text + words, run


def after(run, shape):
    """The shape behind a statement, read apart."""
    reading = Reading(shape)
    run(reading, Scope())
    return reading.shape


class Program:
    """A random program, its text and its meaning."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.make = Maker(self.rng)
        self.blocks, self.lines = [], []
        rng = self.rng
        shape = (rng.randint(4, 14), rng.randint(4, 14), rng.choice([1, 2, 3, 4, 6, 8, 12]))
        self.lines.append("input {}x{}x{};".format(*shape))
        self.reading, self.scope, self.names = Reading(shape), Scope(), {}
        for index in range(rng.randint(2, 7)):
            kinds = [self.operator] * 5 + [self.form, self.unequal, self.split_equal, self.call, self.inline, self.sequence]
            kinds += [self.repeated, self.shared, self.shared, self.reference, self.residual, self.word_block]
            rng.choice(kinds)(index)
            if product(self.reading.shape) > 60_000:
                break
        self.wrong = seed % 8 == 0 and self.mistake()
        self.text = "\n".join(self.blocks + self.lines)

    def add(self, text, run, suffix=""):
        """Writes a statement, runs it, and sometimes states its shape."""
        run(self.reading, self.scope)
        stated = ""
        if self.rng.random() < 0.3:
            dims = ["?" if self.rng.random() < 0.2 else str(dim) for dim in self.reading.shape]
            stated = " -> " + "x".join(dims)
        self.lines.append(f"{text}{stated}{suffix};")

    def operator(self, index):
        if len(self.reading.shape) == 3 and self.rng.random() < 0.08:
            shape = (product(self.reading.shape),)
            return self.add("flatten", lambda r, s: r.row(s, "flatten", (product(r.shape),)))
        if self.rng.random() < 0.35:
            name = self.rng.choice([f"n{index}", f"part.n{index}", f"p{index}.1"])
            text, run = self.make.plain(self.reading.shape, name)
            start = len(self.reading.rows)
            self.add(text, run, f" as {name}")
            made = list(self.reading.rows)[start:]
            self.names[name] = (self.reading.shape, run, made, None)
        else:
            self.add(*self.make.plain(self.reading.shape))

    def branch(self, shape, wanted=None):
        """A branch of statements from a shape; with `wanted` it ends with this shape."""
        if wanted == shape and self.rng.random() < 0.3:
            return "identity", lambda r, s: None
        texts, runs = [], []
        if wanted is None:
            for _ in range(self.rng.randint(1, 2)):
                text, run = self.make.plain(shape)
                shape = after(run, shape)
                texts.append(text)
                runs.append(run)
        else:
            kind, word = self.make.word()[::-1]
            texts.append(f"{word}")
            runs.append(lambda r, s: r.row(s, kind, r.shape))
            if len(shape) == 3:
                n = wanted[2]
                texts.append(f"conv 1x1x{n}")

                def conv(r, s):
                    h, w, c = r.shape
                    r.row(s, "conv", (h, w, n), [(n, c, 1, 1), (n,)], 0, h * w * n * c)

                runs.append(conv)

        def all_of_them(reading, scope):
            for run in runs:
                run(reading, scope)

        return "; ".join(texts), all_of_them

    def joined(self, kind, branches, shape_of, text):
        def run(reading, scope):
            name, start = scope.name(kind), reading.shape
            ends = []
            for _, one in branches:
                reading.shape = start
                one(reading, scope)
                ends.append(reading.shape)
            reading.add(name, kind, shape_of(ends))

        self.add(text + " < " + " | ".join(text for text, _ in branches) + " >", run)

    def form(self, index):
        shape = self.reading.shape
        kind = self.rng.choice(["sub", "max", "min", "add", "mul", "concat", "inception"])
        count = 2 if kind == "sub" else self.rng.randint(2, 3)
        if kind in ("concat", "inception") and len(shape) == 3:
            branches = [self.branch(shape, (shape[0], shape[1], self.make.size(5))) for _ in range(count)]
        else:
            branches = [self.branch(shape, shape) for _ in range(count)]
        if kind in ("concat", "inception"):
            self.joined(kind, branches, lambda ends: (*ends[0][:-1], sum(one[-1] for one in ends)), kind)
        else:
            self.joined(kind, branches, lambda ends: ends[0], kind)

    def parts(self, channels, count):
        cuts = sorted(self.rng.sample(range(1, channels), count - 1))
        return [b - a for a, b in zip([0, *cuts], [*cuts, channels])]

    def unequal(self, index):
        shape = self.reading.shape
        if shape[-1] < 3 or len(shape) != 3:
            return self.operator(index)
        sizes = self.parts(shape[-1], self.rng.randint(2, 3))
        self.split(f"split ({', '.join(map(str, sizes))})", sizes)

    def split_equal(self, index):
        shape = self.reading.shape
        if shape[-1] % 2 or len(shape) != 3:
            return self.operator(index)
        self.split("split 2", [shape[-1] // 2] * 2)

    def split(self, text, sizes):
        h, w, _ = self.reading.shape
        branches = [self.branch((h, w, size), (h, w, self.make.size(4) if self.rng.random() < 0.5 else size)) for size in sizes]

        def run(reading, scope):
            name, channels = scope.name("split"), 0
            for size, (_, one) in zip(sizes, branches):
                reading.shape = (h, w, size)
                one(reading, scope)
                channels += reading.shape[2]
            reading.add(name, "split", (h, w, channels))

        self.add(text + " < " + " | ".join(text for text, _ in branches) + " >", run)

    def residual(self, index):
        shape = self.reading.shape
        if len(shape) != 3:
            return self.operator(index)
        wanted = (*shape[:2], self.rng.choice([shape[2], shape[2], self.make.size(6)]))
        text, body = self.branch(shape, wanted)
        policy = self.rng.choice(["ifsame", "project", "project bn"]) if wanted != shape else self.rng.choice(["", "ifsame"])

        def run(reading, scope):
            name, start = scope.name("residual"), reading.shape
            body(reading, scope)
            end = reading.shape
            if start == end:
                return reading.add(name, "residual", end)
            if policy == "ifsame":
                return None
            scope.projections = getattr(scope, "projections", 0) + 1
            path = scope.prefix + "downsample" + (str(scope.projections) if scope.projections > 1 else "")
            h, w, c = end
            params = [(c, start[2], 1, 1)] + ([] if "bn" in policy else [(c,)])
            reading.add(f"{path}.0", "conv", end, params, 0, h * w * c * start[2])
            if "bn" in policy:
                reading.add(f"{path}.1", "bn", end, [(c,), (c,)], 2 * c)
            return reading.add(name, "residual", end)

        self.add(" ".join(["residual", policy]).strip() + f" < {text} >", run)

    def body(self, shape):
        """Statements of a block, from a shape."""
        texts, runs = [], []
        for _ in range(self.rng.randint(1, 3)):
            text, run = self.make.plain(shape)
            shape = after(run, shape)
            texts.append(f"    {text};")
            runs.append(run)

        def all_of_them(reading, scope):
            for run in runs:
                run(reading, scope)

        return "\n".join(texts), all_of_them

    def call(self, index):
        block = f"b{index}"
        text, body = self.body(self.reading.shape)
        self.blocks.append(f"block {block}() {{\n{text}\n}}")
        name = self.rng.choice([None, f"t{index}", f"deep.t{index}"])

        def run(reading, scope, name=name):
            body(reading, Scope(scope.name(block, name) + "."))

        start = len(self.reading.rows)
        self.add(f"{block}()", run, f" as {name}" if name else "")
        if name:
            self.names[name] = (self.reading.shape, run, list(self.reading.rows)[start:], "block")

    def word_block(self, index):
        block, word = f"w{index}", self.rng.choice(WORDS)
        if len(self.reading.shape) != 3:
            return self.operator(index)
        n = self.make.size(5)
        self.blocks.append(f"block {block}(n, word act = relu) {{\n    conv 1x1x(n) act;\n}}")
        given = self.rng.random() < 0.8
        word = word if given else "relu"

        def run(reading, scope):
            inner = Scope(scope.name(block) + ".")
            h, w, c = reading.shape
            bias = [] if word == "bn" else [(n,)]
            reading.row(inner, "conv", (h, w, n), [(n, c, 1, 1)] + bias, 0, h * w * n * c)
            if word != "identity":
                norm = word == "bn"
                reading.row(inner, word, reading.shape, [(n,), (n,)] if norm else [], 2 * n if norm else 0)

        self.add(f"{block}({n}, act={word})" if given else f"{block}({n})", run)

    def inline(self, index):
        block = f"i{index}"
        text, body = self.body(self.reading.shape)
        self.blocks.append(f"inline block {block}() {{\n{text}\n}}")
        if self.rng.random() < 0.5:
            return self.add(f"{block}()", body)
        name = f"q{index}"
        return self.add(f"{block}()", lambda r, s: body(r, Scope(s.prefix, f"{name}.*")), f" as {name}[]")

    def sequence(self, index):
        shape, texts, runs = self.reading.shape, [], []
        for _ in range(self.rng.randint(1, 3)):
            text, run = self.make.plain(shape)
            shape = after(run, shape)
            texts.append(text)
            runs.append(run)
        first = self.rng.choice([0, 0, 1, 4])
        pattern = self.rng.choice(["*", "b*", "*-x"])
        written = f'"{pattern}"' + (f" from {first}" if first else "")

        def run(reading, scope):
            inner = Scope(scope.prefix, f"s{index}.{pattern}", first)
            for one in runs:
                one(reading, inner)

        self.add(f"[{'; '.join(texts)}]", run, f" as s{index}.{written}")

    def repeated(self, index):
        """An element-wise statement or a convolution, several times."""
        count = self.rng.choice([0, 1, 2, 3])
        if len(self.reading.shape) != 3:
            return self.operator(index)
        word, kind = self.make.word()
        n = self.make.size(4)

        def once(reading, scope):
            h, w, c = reading.shape
            reading.row(scope, "conv", (h, w, n), [(n, c, 1, 1), (n,)], 0, h * w * n * c)
            reading.row(scope, kind, reading.shape)

        if self.rng.random() < 0.5:
            return self.add(f"conv 1x1x{n} {word} * {count}", lambda r, s: [once(r, s) for _ in range(count)])

        def copies(reading, scope):
            for copy in range(count):
                once(reading, Scope(f"{scope.prefix}g{index}.{copy}."))

        return self.add(f"[conv 1x1x{n} {word}] * {count}", copies, f" as g{index}")

    def shared(self, index):
        """An earlier named statement once more; where its parameters do not fit, something else."""
        if not self.names:
            return self.operator(index)
        path = self.rng.choice(list(self.names))
        _, run, made, block = self.names[path]
        name = f"again{index}"
        owners = [(one, self.reading.rows[one]["declared"]) for one in made]
        again = self.run_shared(run, block, name, owners)
        copy = Reading(self.reading.shape)
        try:
            again(copy, Scope("x."))
        except Wrong:
            return self.operator(index)
        return self.add(f"shared {path}", again, f" as {name}")

    def run_shared(self, run, block, name, owners=()):
        def again(reading, scope):
            reading.sharing = list(owners)
            if block:
                run(reading, scope, name)
            else:
                # The operator takes the new name, its trailing words go on as in the scope.
                head = Renamed(scope, name)
                run(reading, head)
            reading.sharing = None

        return again

    def reference(self, index):
        if not self.names:
            return self.operator(index)
        path = self.rng.choice(list(self.names))
        shape = self.names[path][0]

        def run(reading, scope):
            reading.shape = shape

        run(self.reading, self.scope)
        return self.lines.append(f"@{path};")

    def mistake(self):
        """Ends the program with a statement that must be refused; whether there is one."""
        shape = self.reading.shape
        if len(shape) != 3:
            return False
        h, w, c = shape
        wrong = [
            f"slice {c + 1}", f"slice 1 at={c}", f"crop to {h + 1}x{w}", f"crop ({h}, 0, 0, 0)", f"pad {max(h, w)} reflect",
            f"pad {max(h, w) + 1} circular", "pad 1 reflect value=0.5", "upsample 2 nearest corners", "upsample 2 corners",
            f"pixelshuffle {c + 1}", f"pixelunshuffle {max(h, w) + 1}", f"groupnorm {c + 1}", "clip", "clip min=2 max=1",
            f"split ({c}, 1) < identity | identity >", "sub < identity | identity | relu >", "sub < identity >", "mean",
            f"max < identity | conv 1x1x{c + 1} >", "shared nothing", f"split ({c}, {c}) < identity | identity >",
            "instancenorm affine affine", "groupnorm 0", "times", "crop", "gelu tanh=1",
            "input 3x3x3 letterbox", "hsigmoid slope", f"conv 3x3x4 pad={max(h, w)} reflect",
        ]
        self.lines.append(self.rng.choice(wrong) + ";")
        return True


class Renamed:
    """The scope of a shared operator: the first name is the new one."""

    def __init__(self, scope, own):
        self.scope, self.own = scope, own

    @property
    def prefix(self):
        return self.scope.prefix

    def name(self, kind, own=None):
        own, self.own = self.own, None
        return self.scope.name(kind, own)


def compare(cnnc, seed):
    """What differs in the program of a seed; nothing where both agree."""
    program = Program(seed)
    done = subprocess.run([cnnc, "report", "-", "--format", "json"], input=program.text, capture_output=True, text=True)
    if program.wrong:
        return None if done.returncode == 1 else (program.text, f"a mistake was not found (exit code {done.returncode})")
    if done.returncode != 0:
        return program.text, f"exit code {done.returncode}\n{done.stderr}"
    report = json.loads(done.stdout)
    keys = ("op", "shape", "params", "state", "macs")
    theirs = {one["name"]: {key: one[key] for key in keys} | {"shares": one.get("shares")} for one in report["layers"]}
    ours = {name: {key: row[key] for key in (*keys, "shares")} for name, row in program.reading.rows.items()}
    for name in [*ours, *theirs]:
        if ours.get(name) != theirs.get(name):
            return program.text, f"`{name}`\n  here {ours.get(name)}\n  cnnc {theirs.get(name)}"
    for key in ("params", "state", "macs"):
        total = sum(row[key] for row in ours.values())
        if total != report["totals"][key]:
            return program.text, f"total {key}: here {total}, cnnc {report['totals'][key]}"
    if list(program.reading.shape) != report["outputs"][0]["shape"]:
        return program.text, f"output: here {program.reading.shape}, cnnc {report['outputs'][0]['shape']}"
    return None


HEAD = """# Random programs of the later words of the language, and what `tests/interop/second_reading.py` makes of them, which
# wrote this file. Behind `-- ok`, the program and `-- rows` stands a line for each row: name, operator, shape, params, state,
# macs, and the row whose parameters it takes (or -). Behind `-- wrong` stands a program with a mistake.
"""


def written(seed):
    program = Program(seed)
    if program.wrong:
        return f"-- wrong\n{program.text}\n"
    lines = [f"-- ok\n{program.text}\n-- rows"]
    for name, row in program.reading.rows.items():
        shape = "x".join(map(str, row["shape"]))
        lines.append(f"{name} {row['op']} {shape} {row['params']} {row['state']} {row['macs']} {row['shares'] or '-'}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cnnc", default=str(ROOT / "target/release/cnnc"))
    parser.add_argument("--write")
    given = parser.parse_args()
    seeds = range(given.seed * 1_000_000, given.seed * 1_000_000 + given.programs)
    if given.write:
        return Path(given.write).write_text(HEAD + "".join(map(written, seeds)))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda seed: (seed, compare(given.cnnc, seed)), seeds))
    differences = [(seed, one) for seed, one in results if one]
    for seed, (text, why) in differences[:5]:
        print(f"-- program {seed}\n{text}\n-- {why}\n")
    print(f"{given.programs} programs, {len(differences)} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
