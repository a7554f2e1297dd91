//! `aux [train] < … > as name`: a side branch whose end is a further output.

use crate::diag::Code;
use crate::ir::Output;

use super::{Context, Expander, Form, Incoming};

impl<'a> Expander<'a> {
    /// Expands the branch. Gives the value that arrived at it: the statement behind `aux` continues with that value.
    pub(super) fn auxiliary(&mut self, form: &Form<'a>, cx: &mut Context<'_>) -> Incoming {
        let [body] = form.branches else {
            self.wrong_branches(form, "one");
            return cx.arriving;
        };
        let outer = self.around.train;
        if form.bound.flag("train") && outer.is_none() {
            self.around.train = Some(self.take_number());
        }
        let nodes = self.draft.graph.len();
        let end = self.branch(body, cx.receiving(cx.arriving));
        let name = form.path.join(".");
        if form.bound.flag("train") && end.value().is_ok() && self.draft.graph.len() == nodes {
            let message = format!("the training branch `{name}` computes nothing");
            self.warning(Code::W0105, form.word.span, message)
                .here("holds no operator")
                .help("without `train` it names an output; else put its operators between `<` and `>`")
                .warn();
        }
        if name == "out" {
            self.error(Code::E0111, form.word.span, "an auxiliary output may not be called `out`")
                .here("`out` is the network's own output")
                .emit();
        }
        if let Incoming::Value(current) = end {
            let train_only = self.around.train.is_some();
            self.draft.aux.push(Output { name, node: current.node, train_only });
        }
        // `@name` finds the value of the branch, from wherever the branch may be named.
        self.define(&form.path, end, form.word.span, cx.scope);
        self.around.train = outer;
        cx.arriving
    }
}
