//! Input statements: `input 224x224x3 resize=256 … as left`.

use crate::base::Span;
use crate::diag::Code;
use crate::ir::NodeInfo;
use crate::ops::{self, RawArgument};
use crate::syntax::ast;
use crate::tensor::Shape;

use super::context::Context;
use super::expander::Expander;
use super::incoming::{Current, Incoming};

impl Expander<'_> {
    pub(super) fn input(
        &mut self,
        args: &[ast::Arg],
        name: Option<&ast::Name>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let statement = cx.span;
        if !self.only_in_network("input", statement) {
            return Incoming::Unavailable;
        }
        let raw = self.raw_arguments(args, &cx.receiving(Incoming::Nothing));
        let path = match name {
            Some(name) if name.sequence.is_some() || name.parts.is_empty() => {
                self.error(Code::E0214, name.span, "an input takes a plain name").here("a sequence").emit();
                return Incoming::Unavailable;
            }
            Some(name) => super::naming::parts(name),
            None if self.draft.inputs > 1 => {
                self.error(Code::E0203, statement, "one of several inputs has no name")
                    .here("no `as`")
                    .help("name each input: `input 105x105x1 as left;`")
                    .emit();
                return Incoming::Nothing;
            }
            None => vec!["input".to_owned()],
        };
        if self.draft.inputs == 1 && matches!(cx.arriving, Incoming::Value(_)) {
            self.error(Code::E0016, statement, "`input` stands behind other statements")
                .here("must be the first value")
                .emit();
        }
        let written = name.map_or(statement, |name| name.span);
        self.take_path(&path, written);
        let made = self.make_input(statement, &raw, path.clone());
        if name.is_some() {
            self.define(&path, made, written, cx.scope);
        }
        if self.draft.inputs > 1 { cx.arriving } else { made }
    }

    fn make_input(&mut self, statement: Span, raw: &[RawArgument], path: Vec<String>) -> Incoming {
        let word = Span { end: statement.start + "input".len() as u32, ..statement };
        self.note_words(&ops::INPUT, raw);
        let Some(bound) = ops::bind(&ops::INPUT, word, raw, &self.around.trace, self.sink) else {
            return Incoming::Unavailable;
        };
        let written = match (bound.dims(), bound.count("lone value")) {
            (&[height, width, channels], None) => Shape::map(height, width, channels),
            (&[], Some(elements)) => Shape::Vector(elements),
            _ => {
                self.error(Code::E0203, word, "`input` needs its shape")
                    .here("no shape, or two")
                    .help("write `input 224x224x3` or, for a vector, `input 400`")
                    .emit();
                return Incoming::Unavailable;
            }
        };
        let shape = self
            .request
            .input_size
            .filter(|_| self.draft.inputs == 1)
            .map_or(written, |size| size.of(written));
        let node = self.preparation(&bound, shape);
        let info = NodeInfo { is_layer: false, ..self.node_info(path, "input", word) };
        match self.draft.graph.input(shape, node, info) {
            Ok(node) => Incoming::Value(Current { node, span: statement }),
            Err(error) => {
                self.report(error, &bound, None);
                Incoming::Unavailable
            }
        }
    }
}
