//! Explains words and arguments that are wrong here but right elsewhere: in another tool, or in another order.

use crate::base::{Span, perhaps_newer};
use crate::diag::{Code, Suggested};
use crate::ops::{self, RawArgument, RawValue, Sizes, Spec};
use crate::syntax::ast;

use super::context::Context;
use super::expander::Expander;
use super::foreign::{self, Meaning, Written};
use super::namespace::words_of_statements;

impl<'a> Expander<'a> {
    /// Returns whether the file defines a block with the name of this operator, so that the block is meant.
    pub(super) fn is_own_block(&self, name: &str, file: usize) -> bool {
        self.request.program.sources[file].names.blocks.contains_key(name)
    }

    /// Reports a statement that begins with a word that is no operator.
    pub(super) fn unknown_operator(&mut self, word: &ast::Ident, args: &[ast::Arg], cx: &Context<'_>) {
        let name = word.value.as_str();
        if self.request.program.is_salvaged(cx.env.file, name) {
            return;
        }
        if ops::form(name).is_some() {
            self.error(Code::E0203, word.span, format!("`{name}` needs its branches"))
                .here("no `<` follows")
                .help(format!("write `{name} < … >`"))
                .emit();
            return;
        }
        let whole = args.last().map_or(word.span, |last| word.span.to(last.span()));
        if self.is_own_block(name, cx.env.file) {
            let given: Vec<&str> = args.iter().map(|arg| self.request.map.snippet(arg.span())).collect();
            let call = format!("{name}({})", given.join(", "));
            self.error(Code::E0203, word.span, format!("the block `{name}` is called without parentheses"))
                .here("no arguments in parentheses follow")
                .fix(format!("write `{call}`"), whole, call)
                .emit();
            return;
        }
        if let Some(translation) = foreign::statement(name, &self.written(args)) {
            let builder = self.error(Code::E0101, word.span, format!("unknown operator `{name}`"));
            translation.attach(builder.here("not known"), whole).emit();
            return;
        }
        if let Some(named) = self.named_like(name, cx) {
            self.error(Code::E0101, word.span, format!("unknown operator `{name}`"))
                .here("the name of a value")
                .label(named, "named here")
                .fix(format!("write `@{name}` for the value"), word.span, format!("@{name}"))
                .emit();
            return;
        }
        let program = self.request.program;
        let blocks = program.sources[cx.env.file].names.blocks.keys().map(String::as_str);
        let builder = self.error(Code::E0101, word.span, format!("unknown operator `{name}`"));
        match builder.suggest(name, word.span, words_of_statements().chain(blocks)) {
            Suggested::Near(builder) => builder.here("not known"),
            Suggested::Nothing(builder) => {
                builder.here("neither an operator nor a block").help(perhaps_newer())
            }
        }
        .emit();
    }

    /// The place of the name of a value called `name`, as seen from this statement.
    fn named_like(&self, name: &str, cx: &Context<'_>) -> Option<Span> {
        match self.values.find(&[name.to_owned()], cx.scope, self.around.train) {
            super::values::Lookup::Found(named) => Some(named.written),
            _ => None,
        }
    }

    /// The arguments as they are written.
    fn written(&self, args: &[ast::Arg]) -> Written {
        let mut written = Written::default();
        for arg in args {
            match arg {
                ast::Arg::Attribute { name, value } => {
                    written
                        .named
                        .push((name.value.to_string(), self.request.map.snippet(value.span()).to_owned()));
                }
                other => written.plain.push(self.request.map.snippet(other.span()).to_owned()),
            }
        }
        written
    }

    /// Reports a call of an operator, or of a word of another tool, which is no block. Returns whether it did.
    pub(super) fn answer_call(&mut self, name: &ast::Ident, args: &[ast::CallArg], args_span: Span) -> bool {
        let mut written = Written::default();
        for arg in args {
            let value = self.request.map.snippet(arg.value.span).to_owned();
            match &arg.name {
                Some(name) => written.named.push((name.value.to_string(), value)),
                None => written.plain.push(value),
            }
        }
        let Some(translation) = foreign::call(&name.value, &written) else { return false };
        let is_own = ops::find(&name.value).is_some() || ops::form(&name.value).is_some();
        let here = if is_own { "an operator, which takes no parentheses" } else { "not known" };
        let builder =
            self.error(Code::E0101, name.span, format!("unknown block `{}`", name.value)).here(here);
        translation.attach(builder, name.span.to(args_span)).emit();
        true
    }

    /// Reports arguments that another tool would take, and gives the remaining ones. A reported argument becomes
    /// unknown, so that nothing else is reported about it.
    pub(super) fn without_foreign(
        &mut self,
        spec: &'static Spec,
        head: Vec<RawArgument>,
    ) -> Vec<RawArgument> {
        if let Some(answered) = self.answer_numbers(spec, &head) {
            return answered;
        }
        let size = head.iter().find_map(size_span);
        let mut kept = Vec::with_capacity(head.len());
        let mut rest = head.into_iter().peekable();
        while let Some(argument) = rest.next() {
            if let (RawArgument::Word(name), Some(RawArgument::Value(value))) = (&argument, rest.peek())
                && self.answer_missing_equals(spec, name, value.span, size)
            {
                rest.next();
                kept.push(RawArgument::Unknown);
                continue;
            }
            let RawArgument::Attribute { name, value } = &argument else {
                kept.push(argument);
                continue;
            };
            let known = spec.has_attribute(&name.value);
            let written = self.request.map.snippet(value.span).to_owned();
            // `pad=same` is not the size of a padding either.
            let is_word = matches!(value.value, RawValue::Word(_));
            let takes_words = known && !is_word || name.value == "table";
            let meaning = foreign::meaning(&name.value, &written).filter(|_| !takes_words);
            let Some(meaning) =
                meaning.or_else(|| trailing_with_value(&name.value, &written).filter(|_| !known))
            else {
                kept.push(argument);
                continue;
            };
            self.report_foreign(spec, name.span.to(value.span), &name.value, meaning, size);
            kept.push(RawArgument::Unknown);
        }
        kept
    }

    /// Reports `pad 1` and `stride 2`: an attribute without its `=`. Returns whether it did.
    fn answer_missing_equals(
        &mut self,
        spec: &'static Spec,
        name: &ast::Ident,
        value: Span,
        size: Option<Span>,
    ) -> bool {
        if spec.has_flag(&name.value) || name.value == "to" {
            return false;
        }
        let written = self.request.map.snippet(value).to_owned();
        if spec.has_attribute(&name.value) {
            let whole = format!("{}={written}", name.value);
            self.error(Code::E0203, name.span, format!("`{}` needs its `=`", name.value))
                .here("no `=` follows")
                .fix(format!("write `{whole}`"), name.span.to(value), whole)
                .emit();
            return true;
        }
        let Some(meaning) = foreign::meaning(&name.value, &written) else { return false };
        self.report_foreign(
            spec,
            name.span.to(value),
            &name.value,
            meaning,
            size.filter(|size| *size != value),
        );
        true
    }

    fn report_foreign(
        &mut self,
        spec: &'static Spec,
        place: Span,
        name: &str,
        meaning: Meaning,
        size: Option<Span>,
    ) {
        let text = |span: Span| self.request.map.snippet(span).to_owned();
        let (given, size_text) = (text(place), size.map(text));
        let between = size
            .filter(|size| size.end <= place.start)
            .map(|size| text(Span { start: size.end, end: place.start, ..size }).trim_end().to_owned());
        let message = format!("`{}` has no attribute `{name}`", spec.name);
        let builder = self.error(Code::E0201, place, message).here("not known here");
        match (meaning, size, size_text) {
            (Meaning::Stride(stride), Some(size), Some(size_text)) => {
                let sized = format!("{size_text}/{stride}");
                let help = format!("the stride stands behind the size: write `{sized}`");
                match between {
                    Some(between) => builder.fix(help, size.to(place), format!("{sized}{between}")),
                    None => builder.help(help),
                }
            }
            (Meaning::Written(written), ..) if written.is_empty() => {
                builder.fix(format!("leave `{given}` out: it is so anyway"), place, "")
            }
            (Meaning::Written(written), ..) => {
                builder.fix(format!("write `{written}`"), place, written.clone())
            }
            (Meaning::Trailing(word), ..) => {
                builder.fix(format!("write it as a trailing word: `{word}`"), place, word.clone())
            }
            (Meaning::Left(why), ..) => builder.fix(format!("leave `{given}` out: {why}"), place, ""),
            (Meaning::Value(value), ..)
                if spec.value.is_some() || matches!(spec.sizes, Sizes::FactorOrTo) =>
            {
                builder.fix(format!("write the value alone: `{} {value}`", spec.name), place, value.clone())
            }
            (Meaning::Kernel(_) | Meaning::Filters(_), Some(_), Some(size)) => {
                builder.fix(format!("leave `{given}` out: the size `{size}` says it"), place, "")
            }
            (other, ..) => builder.help(format!("`{given}` is {}, as in `{}`", other.shown(), example(spec))),
        }
        .emit();
    }

    /// Reports `maxpool 2 2` and `conv 3 3 64`: numbers in place of a size.
    fn answer_numbers(&mut self, spec: &'static Spec, head: &[RawArgument]) -> Option<Vec<RawArgument>> {
        let lone = |argument: &RawArgument| match argument {
            RawArgument::Value(value) => matches!(value.value, RawValue::Int(_)).then_some(value.span),
            _ => None,
        };
        let numbers: Vec<Span> = head.iter().filter_map(lone).collect();
        let text = |span: &Span| self.request.map.snippet(*span);
        let (written, help) = match (&numbers[..], spec.sizes) {
            ([window, stride], Sizes::Window | Sizes::WindowOrWord) => {
                (format!("{}/{}", text(window), text(stride)), "a stride stands behind a `/`")
            }
            ([_, _], Sizes::Kernel) | ([_, _, _], Sizes::KernelFilters | Sizes::Map) => {
                let sides: Vec<&str> = numbers.iter().map(text).collect();
                (sides.join("x"), "the numbers of a size are joined by `x`")
            }
            _ => return None,
        };
        let (first, second, last) = (numbers[0], numbers[1], numbers[numbers.len() - 1]);
        self.error(Code::E0202, second, format!("`{}` has {} numbers", spec.name, numbers.len()))
            .here("the second")
            .fix(format!("{help}: `{} {written}`", spec.name), first.to(last), written)
            .emit();
        Some(vec![RawArgument::Unknown])
    }
}

/// `leaky=0.1`: a trailing word, written like an attribute.
fn trailing_with_value(word: &str, value: &str) -> Option<Meaning> {
    let spec = ops::find(word).filter(|spec| spec.trailing && spec.value.is_some())?;
    Some(Meaning::Trailing(format!("{} {value}", spec.name)))
}

fn size_span(argument: &RawArgument) -> Option<Span> {
    match argument {
        RawArgument::Size { span, .. } => Some(*span),
        RawArgument::Value(value) => Some(value.span),
        _ => None,
    }
}

/// The first statement behind the input of an operator's example.
fn example(spec: &Spec) -> String {
    let statements = spec.example.split([';', '\n']).map(str::trim);
    let own = statements.filter(|one| one.split(' ').next() == Some(spec.name)).map(str::to_owned);
    own.into_iter().next().unwrap_or_else(|| spec.name.to_owned())
}
