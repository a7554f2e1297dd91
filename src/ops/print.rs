//! Prints bound arguments: in canonical spelling, and as names with values for tables and comparisons.

use std::fmt;

use super::{Bound, Kind, Literal, Sizes};

impl fmt::Display for Bound {
    /// The head of a statement in canonical spelling, without defaults: `conv 3x3x64/2 pad=1 nobias`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)?;
        if let Some(size) = self.size() {
            write!(f, " {size}")?;
        }
        if let Some(value) = self.literal("lone value").filter(|_| self.span("lone value").is_some()) {
            let text = shown(value, self.spec.value.map(|value| value.kind));
            if text.starts_with('-') { write!(f, " ({text})")? } else { write!(f, " {text}")? }
        }
        if let Some(size) = &self.adaptive {
            write!(f, " to {}", joined(size))?;
        }
        for attribute in self.spec.attributes.iter().filter(|one| self.span(one.name).is_some()) {
            if let Some(literal) = self.literal(attribute.name) {
                write!(f, " {}={}", attribute.name, shown(literal, Some(attribute.kind)))?;
            }
        }
        for flag in self.spec.flags.iter().filter(|flag| self.span(flag.name).is_some()) {
            write!(f, " {}", flag.name)?;
        }
        Ok(())
    }
}

impl Bound {
    /// All arguments by name, defaults included: the parts of the size, the lone value, attributes, and `yes` or `no`
    /// for each flag.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        match (self.spec.sizes, self.dims.as_slice()) {
            (_, []) => {}
            (Sizes::KernelFilters, [height, width, filters]) => {
                all.push(("kernel", pair((*height, *width))));
                all.push(("filters", filters.to_string()));
                all.push(("stride", pair(self.stride_or((1, 1)))));
            }
            (Sizes::Kernel, _) => {
                all.push(("kernel", pair(self.window())));
                all.push(("stride", pair(self.stride_or((1, 1)))));
            }
            (Sizes::Window | Sizes::WindowOrWord, _) => {
                all.push(("kernel", pair(self.window())));
                all.push(("stride", pair(self.stride_or(self.window()))));
            }
            (Sizes::FactorOrTo, _) => all.push(("factor", pair(self.window()))),
            (_, dims) => all.push(("size", joined(dims))),
        }
        if let Some(size) = &self.adaptive {
            all.push(("to", joined(size)));
        }
        if let Some((value, literal)) = self.spec.value.zip(self.literal("lone value")) {
            let name = value.name.strip_prefix("number of ").unwrap_or(value.name);
            all.push((name, shown(literal, Some(value.kind))));
        }
        for attribute in self.spec.attributes {
            if let Some(literal) = self.literal(attribute.name) {
                all.push((attribute.name, shown(literal, Some(attribute.kind))));
            }
        }
        for flag in self.spec.flags {
            let given = self.span(flag.name).is_some();
            all.push((flag.name, if given { "yes" } else { "no" }.to_owned()));
        }
        all
    }

    /// The size in its spelling; `None` without one.
    fn size(&self) -> Option<String> {
        let dims = match (self.spec.sizes, self.dims.as_slice()) {
            (_, []) => return None,
            (Sizes::Window | Sizes::WindowOrWord | Sizes::FactorOrTo, [height, width]) => {
                pair((*height, *width))
            }
            (_, dims) => joined(dims),
        };
        let stride = match self.stride.as_slice() {
            [] => String::new(),
            _ => format!("/{}", pair(self.stride_or((1, 1)))),
        };
        Some(dims + &stride)
    }
}

fn joined(dims: &[u64]) -> String {
    dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

fn pair((height, width): (u64, u64)) -> String {
    if height == width { height.to_string() } else { format!("{height}x{width}") }
}

/// A value in its spelling behind a word or `name=`.
fn shown(literal: &Literal, kind: Option<Kind>) -> String {
    let list = |parts: &mut dyn Iterator<Item = String>| match &parts.collect::<Vec<_>>()[..] {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    match literal {
        Literal::Count(count) => count.to_string(),
        Literal::Real(real) => number(*real),
        Literal::Pair((height, width)) if height == width => height.to_string(),
        Literal::Pair((height, width)) => format!("({height}, {width})"),
        &Literal::Pads([top, bottom, left, right]) => {
            if [bottom, left, right] == [top; 3] {
                top.to_string()
            } else if kind == Some(Kind::Pads) && top == bottom && left == right {
                format!("({top}, {left})")
            } else {
                format!("({top}, {bottom}, {left}, {right})")
            }
        }
        Literal::Reals(reals) => list(&mut reals.iter().map(|&real| number(real))),
        Literal::Counts(counts) => list(&mut counts.iter().map(u64::to_string)),
        Literal::Table(table) => format!("table of {} kernels", table.kernels()),
        Literal::Word(word) => (*word).to_owned(),
    }
}

/// A number in its spelling: decimal, or with an exponent if that is much shorter.
fn number(value: f64) -> String {
    let (decimal, scientific) = (format!("{value}"), format!("{value:e}"));
    if decimal.len() > scientific.len() + 2 { scientific } else { decimal }
}
