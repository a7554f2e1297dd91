//! Expands trailing words: each is an operator of its own behind the head of the statement.

use crate::base::{Span, did_you_mean, meant, perhaps_newer};
use crate::diag::{Code, Suggested};
use crate::ops::{self, RawArgument, Spec};
use crate::syntax::ast;

use super::context::Context;
use super::expander::Expander;
use super::incoming::Incoming;
use super::uses::Definition;

impl<'a> Expander<'a> {
    /// Expands words behind a block call or form; none of them can be an argument of it.
    pub(super) fn trailing(&mut self, raw: &[RawArgument], head: Span, cx: &mut Context<'_>) -> Incoming {
        let raw = self.without_misspelt(raw.to_vec(), None);
        let segments = ops::segments(&raw, None);
        if let Some(stray) = segments[0].arguments.first() {
            match stray {
                RawArgument::Unknown => {}
                RawArgument::Word(word) => self.unknown_trailing_word(word),
                RawArgument::Size { span, .. } => self.stray_argument(*span),
                RawArgument::Value(value) => self.stray_argument(value.span),
                RawArgument::Attribute { name, .. } => self.stray_argument(name.span),
            }
            return Incoming::Unavailable;
        }
        self.trailing_segments(&segments[1..], head, cx)
    }

    fn unknown_trailing_word(&mut self, word: &ast::Ident) {
        let trailing = ops::catalogue().filter(|spec| spec.trailing).map(|spec| spec.name);
        let builder = self.error(Code::E0201, word.span, format!("unknown trailing word `{}`", word.value));
        match builder.suggest(&word.value, word.span, trailing) {
            Suggested::Near(builder) => builder.here("not known here"),
            Suggested::Nothing(builder) => {
                builder.here("no activation, normalisation or other trailing word").help(perhaps_newer())
            }
        }
        .emit();
    }

    fn stray_argument(&mut self, span: Span) {
        self.error(Code::E0204, span, "an argument that belongs to no operator word")
            .here("not expected here")
            .help("a flag of a form stands before its `<`; here only trailing words may follow")
            .emit();
    }

    pub(super) fn trailing_segments(
        &mut self,
        segments: &[ops::Segment<'_>],
        head: Span,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let mut value = cx.arriving;
        for segment in segments {
            let (Some(word), Some(spec)) =
                (segment.word, segment.word.and_then(|word| ops::find(&word.value)))
            else {
                continue;
            };
            self.uses.word(word.span, || Definition::Operator(spec.name));
            self.lint_line_start(word, head);
            let path = self.name_head(spec.name, None, word.span, cx.scope);
            value = self.apply(spec, word.span, segment.arguments, path, &cx.receiving(value));
            if let Incoming::Value(current) = value {
                self.draft.graph.mark_trailing(current.node);
            }
        }
        value
    }

    /// Returns whether nothing stands before this place on its line.
    pub(super) fn leads(&self, span: Span) -> bool {
        let before = &self.request.map.text(span.file)[..span.start as usize];
        before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
    }

    /// Warns about a trailing word at the beginning of a line, where it reads like a statement.
    fn lint_line_start(&mut self, word: &ast::Ident, head: Span) {
        let location = self.request.map.location(word.span);
        if word.span.file != head.file || location.line == self.request.map.location(head).line {
            return;
        }
        if self.leads(word.span) {
            self.warning(Code::W0206, word.span, format!("the trailing word `{}` begins a line", word.value))
                .here("belongs to the statement that began above")
                .label(head, "this statement")
                .help("end the statement above with `;` if a statement of its own was meant, else move the word up")
                .warn();
        }
    }

    /// Reports words that are nearly trailing words and removes them: trailing words keep the shape, so that the rest
    /// can still be checked. A flag of the head that stands behind a trailing word is reported too.
    pub(super) fn without_misspelt(
        &mut self,
        raw: Vec<RawArgument>,
        head: Option<&'static Spec>,
    ) -> Vec<RawArgument> {
        let mut current = head;
        let mut kept = Vec::with_capacity(raw.len());
        for argument in raw {
            let RawArgument::Word(word) = &argument else {
                let is_late = matches!(&argument, RawArgument::Attribute { name, .. }
                    if self.late_attribute(name, current, head));
                kept.push(if is_late { RawArgument::Unknown } else { argument });
                continue;
            };
            let known = current.is_some_and(|spec| spec.has_flag(&word.value));
            let found = ops::find(&word.value);
            if let Some(spec) = found.filter(|spec| spec.trailing && !known) {
                current = Some(spec);
            } else if !known && found.is_none() && word.value != "to" {
                match self.misspelt(word, current, head) {
                    Misspelt::Trailing(spec) => {
                        current = Some(spec);
                        continue;
                    }
                    Misspelt::Reported => continue,
                    Misspelt::Unknown => {}
                }
            }
            kept.push(argument);
        }
        kept
    }

    /// Reports an attribute that belongs to the head but stands behind a trailing word without such an attribute.
    fn late_attribute(
        &mut self,
        name: &ast::Ident,
        current: Option<&'static Spec>,
        head: Option<&'static Spec>,
    ) -> bool {
        let (Some(head), Some(current)) = (head, current) else { return false };
        let takes = |spec: &Spec| spec.has_attribute(&name.value);
        if head.name == current.name || takes(current) || !takes(head) {
            return false;
        }
        self.error(Code::E0201, name.span, format!("`{}=` stands too late", name.value))
            .here(format!("read as an attribute of `{}`, which has none of this name", current.name))
            .help(format!(
                "`{}=` stands before the trailing words: the attributes of `{}` come first",
                name.value, head.name
            ))
            .emit();
        true
    }

    fn misspelt(
        &mut self,
        word: &ast::Ident,
        current: Option<&'static Spec>,
        head: Option<&'static Spec>,
    ) -> Misspelt {
        let behind = current.filter(|current| head.is_some_and(|head| head.name != current.name));
        if let (Some(head), Some(current)) = (head, behind)
            && head.has_flag(&word.value)
        {
            self.error(Code::E0201, word.span, format!("`{}` stands too late", word.value))
                .here(format!("read as a flag of `{}`, which has none of this name", current.name))
                .help(format!(
                    "`{}` stands before `{}`: the flags of `{}` come before its trailing words",
                    word.value, current.name, head.name
                ))
                .emit();
            return Misspelt::Reported;
        }
        if let Some(foreign) = super::foreign::trailing(&word.value) {
            self.error(Code::E0201, word.span, format!("unknown word `{}`", word.value))
                .here("not known here")
                .fix(format!("{} is `{}` here", foreign.origin, foreign.written), word.span, foreign.written)
                .emit();
            let first = foreign.written.split(' ').next().and_then(ops::find);
            return first.map_or(Misspelt::Reported, Misspelt::Trailing);
        }
        let flags = current.into_iter().flat_map(|spec| spec.flags.iter().map(|flag| flag.name));
        let attributes = current.into_iter().flat_map(|spec| spec.attributes.iter().map(|one| one.name));
        let trailing = ops::catalogue().filter(|spec| spec.trailing).map(|spec| spec.name);
        let near = did_you_mean(&word.value, flags.chain(attributes).chain(trailing));
        let Some(spec) = near.and_then(ops::find).filter(|spec| spec.trailing) else {
            return Misspelt::Unknown;
        };
        self.error(Code::E0201, word.span, format!("unknown word `{}`", word.value))
            .here("not known here")
            .fix(meant(spec.name), word.span, spec.name)
            .emit();
        Misspelt::Trailing(spec)
    }
}

/// The likely meaning of a word that is neither a flag nor an operator.
enum Misspelt {
    /// A trailing word in other letters; reported.
    Trailing(&'static Spec),
    /// Something else; reported.
    Reported,
    /// No known word.
    Unknown,
}
