//! Binds arguments: checks the words and values behind an operator against its [`Spec`].

mod literal;
mod wording;

use ecow::EcoString;

use crate::base::{Span, Spanned, did_you_mean, meant, perhaps_newer};
use crate::diag::{Code, ExpansionTrace, Sink};
use crate::tensor::MAX_DIMENSION;

use super::bound::{Bound, Literal};
use super::{Default, Kind, RawArgument, RawValue, Sizes, Spec};
use literal::{literal, too_large};
use wording::{shown, size_example, value_example, wanted};

/// Checks `arguments` against `spec`. Reports everything that is wrong and then returns nothing; it also returns
/// nothing if an argument has no value.
pub fn bind(
    spec: &'static Spec,
    word: Span,
    arguments: &[RawArgument],
    trace: &ExpansionTrace,
    sink: &mut Sink,
) -> Option<Bound> {
    let mut binder = Binder { bound: Bound::new(spec, word), trace, sink, failed: false };
    binder.take_all(arguments);
    binder.fill_defaults();
    (!binder.failed).then_some(binder.bound)
}

struct Binder<'a> {
    bound: Bound,
    trace: &'a ExpansionTrace,
    sink: &'a mut Sink,
    failed: bool,
}

impl Binder<'_> {
    fn error(&mut self, code: Code, span: Span, message: String, here: &str, helps: &[String]) {
        let mut builder = self.sink.error(code, span, message).here(here).trace(self.trace);
        for help in helps {
            builder = builder.help(help.clone());
        }
        builder.emit();
        self.failed = true;
    }

    fn take_all(&mut self, arguments: &[RawArgument]) {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument {
                RawArgument::Unknown => self.failed = true,
                RawArgument::Size { dims, stride, span } => self.take_size(dims, stride, *span),
                RawArgument::Value(value) => self.take_value(value),
                RawArgument::Attribute { name, value } => self.take_attribute(name, value),
                RawArgument::Word(word) if word.value == "to" && self.bound.spec.sizes.has_to() => {
                    self.take_adaptive(word.span, rest.next());
                }
                RawArgument::Word(word) => self.take_flag(word),
            }
        }
    }

    /// Records that `name` is given at `span`; reports an error if it was given before.
    fn record(&mut self, name: &'static str, literal: Option<Literal>, span: Span) {
        if let Some(first) = self.bound.span(name) {
            let message = format!("`{name}` is given twice");
            let builder = self
                .sink
                .error(Code::E0202, span, message)
                .here("given again")
                .label(first, "first given here");
            builder.trace(self.trace).fix("remove one of them", span, "").emit();
            self.failed = true;
            return;
        }
        self.bound.given.push((name, literal, Some(span)));
    }

    fn take_adaptive(&mut self, span: Span, size: Option<&RawArgument>) {
        let dims = match size {
            Some(RawArgument::Size { dims, stride, .. }) if stride.is_empty() && dims.len() == 2 => {
                Some(dims.clone())
            }
            Some(RawArgument::Value(value)) => match value.value {
                RawValue::Int(side) => u64::try_from(side).ok().map(|side| vec![side]),
                _ => None,
            },
            Some(RawArgument::Unknown) => {
                self.failed = true;
                return;
            }
            _ => None,
        };
        match dims.filter(|dims| dims.iter().all(|dim| (1..=MAX_DIMENSION).contains(dim))) {
            Some(dims) => {
                self.record("to", None, span);
                self.bound.adaptive = Some(dims);
            }
            None => self.error(
                Code::E0210,
                span,
                "`to` wants the size of the output".to_owned(),
                "followed by no such size",
                &["write `to 7x7`, or `to 7` for a square".to_owned()],
            ),
        }
    }

    fn take_size(&mut self, dims: &[u64], stride: &[u64], span: Span) {
        let sizes = self.bound.spec.sizes;
        let name = self.bound.spec.name;
        let (form, counts, strided) = match sizes {
            Sizes::None | Sizes::To => {
                let message = format!("`{name}` takes no size");
                return self.error(Code::E0204, span, message, "not expected here", &[]);
            }
            Sizes::KernelFilters => {
                ("kernel height x kernel width x filters, and perhaps /stride", 3..=3, true)
            }
            Sizes::Kernel => ("kernel height x kernel width, and perhaps /stride", 2..=2, true),
            Sizes::Window | Sizes::WindowOrWord => ("a window, and perhaps /stride", 1..=2, true),
            Sizes::Map | Sizes::MapOrValue => ("height x width x channels", 3..=3, false),
            Sizes::FactorOrTo => ("one factor, or height x width", 1..=2, false),
        };
        if !counts.contains(&dims.len()) || (!strided && !stride.is_empty()) || stride.len() > 2 {
            let message = format!("the size of `{name}` has the wrong form");
            let given = if stride.is_empty() { "" } else { " and a stride" };
            let plural = if dims.len() == 1 { "" } else { "s" };
            let here = format!("{} dimension{plural}{given}", dims.len());
            return self.error(
                Code::E0210,
                span,
                message,
                &here,
                &[format!("`{name}` wants {form}: `{}`", size_example(sizes))],
            );
        }
        if dims.iter().chain(stride).any(|&dim| dim == 0) {
            let message = format!("the size of `{name}` contains a zero");
            return self.error(Code::E0205, span, message, "every number must be at least 1", &[]);
        }
        if let Some(dim) = dims.iter().chain(stride).find(|&&dim| dim > MAX_DIMENSION) {
            let message = format!("the size of `{name}` is too large");
            let here = format!("{dim} is more than {MAX_DIMENSION}");
            return self.error(Code::E0313, span, message, &here, &[]);
        }
        self.record("size", None, span);
        self.bound.dims = dims.to_vec();
        self.bound.stride = stride.to_vec();
    }

    fn take_value(&mut self, value: &Spanned<RawValue>) {
        let spec = self.bound.spec;
        if matches!(spec.sizes, Sizes::Window | Sizes::WindowOrWord | Sizes::FactorOrTo) {
            // Here a lone number is a size of one dimension.
            match value.value {
                RawValue::Int(side) if side >= 0 && side <= i128::from(u64::MAX) => {
                    return self.take_size(&[side as u64], &[], value.span);
                }
                _ => {
                    let message = format!("the size of `{}` must be whole", spec.name);
                    return self.error(Code::E0210, value.span, message, "not a size", &[]);
                }
            }
        }
        match spec.value {
            Some(declared) => {
                if let Some(literal) = self.literal(declared.kind, declared.name, value) {
                    self.record("lone value", Some(literal), value.span);
                }
            }
            None if matches!(spec.sizes, Sizes::KernelFilters | Sizes::Kernel | Sizes::Map) => {
                self.take_size_like(value)
            }
            None => {
                let message = format!("`{}` takes no value", spec.name);
                self.error(Code::E0204, value.span, message, "not expected here", &[]);
            }
        }
    }

    /// Reports a lone number in place of a size of several dimensions.
    fn take_size_like(&mut self, value: &Spanned<RawValue>) {
        let name = self.bound.spec.name;
        let message = format!("the size of `{name}` has the wrong form");
        let help = format!("write all dimensions: `{}`", size_example(self.bound.spec.sizes));
        self.error(Code::E0210, value.span, message, "a single number", &[help]);
    }

    fn take_flag(&mut self, word: &Spanned<EcoString>) {
        let spec = self.bound.spec;
        if let Some(flag) = spec.flags.iter().find(|flag| flag.name == word.value) {
            return self.record(flag.name, None, word.span);
        }
        if let Some(attribute) = spec.attributes.iter().find(|attribute| attribute.name == word.value) {
            let help = format!("write `{}=…`", attribute.name);
            return self.error(
                Code::E0203,
                word.span,
                format!("`{}` needs a value", word.value),
                "no value",
                &[help],
            );
        }
        let flags = spec.flags.iter().map(|flag| flag.name);
        let attributes = spec.attributes.iter().map(|attribute| attribute.name);
        let trailing = super::catalogue().filter(|other| other.trailing).map(|other| other.name);
        if word.value == spec.name {
            let message = format!("`{}` stands twice", spec.name);
            let builder = self.sink.error(Code::E0201, word.span, message).here("written again");
            builder.trace(self.trace).fix("remove one of them", word.span, "").emit();
            self.failed = true;
            return;
        }
        let suggestion = did_you_mean(&word.value, flags.chain(attributes).chain(trailing));
        let message = format!("unknown word `{}` after `{}`", word.value, spec.name);
        let builder = self.sink.error(Code::E0201, word.span, message).trace(self.trace);
        let builder = match suggestion {
            Some(known) => builder.here("not known here").fix(meant(known), word.span, known),
            None => builder.here("neither a flag of it nor a trailing word").help(perhaps_newer()),
        };
        builder.emit();
        self.failed = true;
    }

    fn take_attribute(&mut self, name: &Spanned<EcoString>, value: &Spanned<RawValue>) {
        let spec = self.bound.spec;
        if let Some(attribute) = spec.attributes.iter().find(|attribute| attribute.name == name.value) {
            if let Some(literal) = self.literal(attribute.kind, attribute.name, value) {
                self.record(attribute.name, Some(literal), name.span.to(value.span));
            }
            return;
        }
        let message = format!("`{}` has no attribute `{}`", spec.name, name.value);
        let known: Vec<&str> = spec.attributes.iter().map(|attribute| attribute.name).collect();
        let builder =
            self.sink.error(Code::E0201, name.span, message).here("not known here").trace(self.trace);
        let builder = match did_you_mean(&name.value, known.iter().copied()) {
            Some(near) => builder.fix(format!("did you mean `{near}=`?"), name.span, near),
            None if spec.has_flag(&name.value) => builder.fix(
                format!("`{}` is a flag: write it without a value", name.value),
                name.span.to(value.span),
                &name.value,
            ),
            None => {
                let known: Vec<String> = known.iter().map(|name| format!("`{name}=`")).collect();
                let note = if known.is_empty() {
                    format!("`{}` has no attributes", spec.name)
                } else {
                    format!("its attributes are {}", known.join(", "))
                };
                builder.note(note).help(perhaps_newer())
            }
        };
        builder.emit();
        self.failed = true;
    }

    /// The value of an argument, if it has the kind that is declared; reported otherwise.
    fn literal(&mut self, kind: Kind, name: &str, value: &Spanned<RawValue>) -> Option<Literal> {
        if let (Kind::Table, RawValue::Word(word)) = (kind, &value.value) {
            let message = format!("unknown connection table `{word}`");
            self.error(Code::E0112, value.span, message, "no `table` of this name", &[]);
            return None;
        }
        let literal = literal(kind, &value.value);
        if literal.is_none() {
            let operator = self.bound.spec.name;
            let (code, message, here) = match too_large(kind, &value.value) {
                Some(count) => (
                    Code::E0313,
                    format!("`{name}` of `{operator}` is too large"),
                    format!("{count} is more than {MAX_DIMENSION}"),
                ),
                None => (
                    Code::E0205,
                    format!("`{name}` of `{operator}` wants {}", wanted(kind)),
                    format!("this is {}", shown(&value.value)),
                ),
            };
            self.error(code, value.span, message, &here, &[]);
        }
        literal
    }

    fn fill_defaults(&mut self) {
        let spec = self.bound.spec;
        let has_size = !self.bound.dims.is_empty();
        let size_needed = match spec.sizes {
            Sizes::None | Sizes::MapOrValue | Sizes::To => false,
            Sizes::FactorOrTo => self.bound.adaptive.is_none(),
            Sizes::WindowOrWord => {
                let alone = ["global", "channels"].iter().any(|flag| self.bound.span(flag).is_some());
                self.bound.adaptive.is_none() && !alone
            }
            _ => true,
        };
        if size_needed && !has_size && !self.failed {
            let message = format!("`{}` needs a size", spec.name);
            let help = format!("for example `{} {}`", spec.name, size_example(spec.sizes));
            self.error(Code::E0203, self.bound.word, message, "no size behind it", &[help]);
        }
        let value = spec.value.iter().map(|value| ("lone value", value.name, value.kind, value.default));
        let attributes = spec.attributes.iter().map(|one| (one.name, one.name, one.kind, one.default));
        for (name, shown, kind, default) in value.chain(attributes).collect::<Vec<_>>() {
            if self.bound.span(name).is_some() || self.failed {
                continue;
            }
            if let Some(literal) = spec.default(name) {
                self.bound.given.push((name, Some(literal), None));
            } else if default == Default::Required && !(name == "lone value" && self.bound.adaptive.is_some())
            {
                let help = match name {
                    "lone value" => {
                        format!("write it behind the word: `{} {}`", spec.name, value_example(kind))
                    }
                    _ => format!("write `{name}={}`", value_example(kind)),
                };
                self.error(
                    Code::E0203,
                    self.bound.word,
                    format!("`{}` needs its {shown}", spec.name),
                    "not given",
                    &[help],
                );
            }
        }
    }
}
