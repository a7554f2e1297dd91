//! `shared PATH`: runs an earlier statement once more with the same weights.
//!
//! The statement is expanded again with the shape that arrives now. The operators with parameters that this makes take
//! the parameters of the earlier ones, in order: operator by operator the words and the shapes of the parameters must
//! agree.

use crate::diag::{Code, Expansion};
use crate::ir::NodeId;
use crate::syntax::ast;

use super::context::Context;
use super::expander::Expander;
use super::incoming::Incoming;
use super::naming::{Naming, is_aux};
use super::scope::OwnPath;
use super::sharing::{Shareable, Sharing, Written};

impl<'a> Expander<'a> {
    /// Expands `shared tower`; `own` is the path of its own name.
    pub(super) fn shared(&mut self, path: &'a ast::Path, own: OwnPath, cx: &mut Context<'_>) -> Incoming {
        let Some((_, found)) = self.lookup(path, cx) else { return Incoming::Unavailable };
        let Some(shareable) = self.values.shareable(&found).cloned() else {
            self.error(Code::E0322, path.span, format!("`{found}` cannot be shared"))
                .here("an input, which has no weights")
                .help("`@name` makes an earlier value current")
                .emit();
            return Incoming::Unavailable;
        };
        if let Written::Statement(flow) = shareable.what
            && is_aux(&flow.head)
        {
            self.error(Code::E0322, path.span, "an auxiliary branch cannot be shared")
                .here("is an output of its own")
                .help("name the operators inside the branch, and share those")
                .emit();
            return Incoming::Unavailable;
        }
        if cx.arriving.is_nothing() {
            return self.nothing_arrives("shared", cx.span);
        }
        let outer = self.around.trace.clone();
        self.around.trace = outer.within(Expansion { block: None, call: cx.span, copy: None });
        let outermost = self.around.sharing.is_none();
        if outermost {
            let has_parameters =
                |id: &NodeId| !self.draft.graph.node(self.draft.graph.owner(*id)).parameters.is_empty();
            let originals = self.draft.graph.ids(shareable.nodes.clone()).filter(has_parameters).collect();
            let (path, span) = (found, cx.span);
            self.around.sharing = Some(Sharing { path, span, originals, met: 0, differs: false });
        }
        let leaving = self.run_again(&shareable, own, cx);
        self.around.trace = outer;
        if outermost && let Some(sharing) = self.around.sharing.take() {
            return self.finish_sharing(&sharing, leaving);
        }
        leaving
    }

    fn run_again(&mut self, shareable: &Shareable<'a>, own: OwnPath, cx: &mut Context<'_>) -> Incoming {
        let mut env = shareable.env.clone();
        let mut cx = Context { span: cx.span, env: &mut env, scope: cx.scope, arriving: cx.arriving };
        match shareable.what {
            Written::Copy(head) => self.copy(head, own, None, &mut cx),
            Written::Statement(flow) => {
                let copies = match flow.repeat() {
                    None => Ok(1),
                    Some(count) => self.copies(count, &flow.head, &cx),
                };
                let depth = cx.scope.path.len();
                let naming = Naming {
                    parts: own.map(|path| path[depth..].to_vec()),
                    ..Naming::written(flow.name(), self.first_member(flow, &cx), cx.span)
                };
                self.run(flow, naming, copies, &mut cx)
            }
        }
    }

    /// Lets a new node take the parameters of its original while a `shared` statement is expanded. Returns false where
    /// it cannot, which was reported.
    pub(super) fn share_parameters(&mut self, node: NodeId) -> bool {
        let Some(sharing) = &mut self.around.sharing else { return true };
        if self.draft.graph.node(node).parameters.is_empty() {
            return true;
        }
        let original = sharing.originals.get(sharing.met).copied();
        sharing.met += 1;
        let (path, statement) = (sharing.path.clone(), sharing.span);
        let made = self.draft.graph.node(node);
        let made_word = made.word;
        let Some(original) = original.map(|original| self.draft.graph.owner(original)) else {
            self.report_difference(format!("`{made_word}` has no counterpart in `{path}`"));
            return false;
        };
        let first = self.draft.graph.node(original);
        if made_word != first.word {
            let found = format!("`{made_word}` stands where `{path}` has `{}`", first.word);
            self.report_difference(found);
            return false;
        }
        let pairs = made.parameters.iter().zip(&first.parameters);
        let different = pairs.into_iter().find(|(own, theirs)| own.shape != theirs.shape);
        if let Some((own, theirs)) = different {
            let show = |dims: &[u64]| dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
            let (here, there, first_at) = (show(&own.shape), show(&theirs.shape), first.span);
            let message = format!("the {} of `{}` does not fit here", own.key, first.path);
            sharing.differs = true;
            self.error(Code::E0322, statement, message)
                .here(format!("would need {here}"))
                .label(first_at, format!("has {there}"))
                .note("what is shared has parameters of the same shape at each place")
                .help("let the same number of channels arrive (behind `flatten`: the same height and width)")
                .emit();
            return false;
        }
        self.draft.graph.share(node, original);
        true
    }

    fn report_difference(&mut self, found: String) {
        let Some(sharing) = &mut self.around.sharing else { return };
        let (span, path, known) = (sharing.span, sharing.path.clone(), sharing.differs);
        sharing.differs = true;
        if !known {
            self.error(Code::E0322, span, format!("`{path}` does something else here"))
                .here(found)
                .note("what depends on the arriving shape may differ: `* n`, `ifsame`, `project`, values with `in`")
                .emit();
        }
    }

    /// Reports operators of the earlier statement that were not made again.
    fn finish_sharing(&mut self, sharing: &Sharing, leaving: Incoming) -> Incoming {
        if leaving == Incoming::Unavailable || sharing.differs || sharing.met == sharing.originals.len() {
            return leaving;
        }
        let missing = self.draft.graph.node(sharing.originals[sharing.met]);
        let found = format!("`{}` ({}) is missing", missing.path, missing.word);
        self.error(Code::E0322, sharing.span, format!("`{}` does something else here", sharing.path))
            .here(found)
            .note(
                "what depends on the arriving shape may differ: `* n`, `ifsame`, `project`, values with `in`",
            )
            .emit();
        Incoming::Unavailable
    }
}
