//! Builds statements that make a value from the pairs of the grammar.

use std::ops::Range;

use pest::iterators::{Pair, Pairs};

use crate::base::Span;
use crate::diag::Code;
use crate::syntax::ast::{
    Arg, BlockCall, Body, BranchForm, Expr, Flow, Head, Ident, Name, Path, PathPart, ShapePattern, Suffix,
};
use crate::syntax::grammar::Rule;

use super::arguments::MOST_ARGUMENTS;
use super::{TreeBuilder, exactly, next};

impl TreeBuilder<'_, '_> {
    pub(super) fn flow(&mut self, pair: Pair<'_, Rule>) -> Flow {
        let mut parts = pair.into_inner();
        let first = next(&mut parts);
        let head = self.head(first, &mut parts);
        self.suffixed(head, parts)
    }

    fn suffixed(&mut self, head: Head, parts: Pairs<'_, Rule>) -> Flow {
        let mut suffixes = Vec::with_capacity(parts.len());
        for part in parts {
            let span = self.span(&part);
            let suffix = match part.as_rule() {
                Rule::repetition => Suffix::Repeat(self.repetition(part)),
                Rule::stated => {
                    Suffix::Shape(self.shape(part.into_inner().last().expect("`->` has a shape")))
                }
                _ => Suffix::Name(Box::new(self.naming(part))),
            };
            self.check_suffix(&head, suffixes.last(), &suffix, span);
            suffixes.push(suffix);
        }
        Flow { head, suffixes: suffixes.into() }
    }

    /// Checks a suffix against the head and the suffix before it, if there is one.
    fn check_suffix(&mut self, head: &Head, last: Option<&Suffix>, suffix: &Suffix, span: Span) {
        if let (Head::Shared(_), Suffix::Repeat(_)) = (head, suffix) {
            let error = self.error(Code::E0211, span, "`shared path` takes no `* n`");
            error.help("write it once for each time; every one has the same weights").emit();
        }
        if matches!(head, Head::Reference(_)) {
            let error = self.error(Code::E0211, span, format!("`@path` takes no {}", shown(suffix)));
            error.help("it only makes an earlier value current; put it into a group to say more").emit();
            return;
        }
        let is_aux = matches!(head, Head::Form(form) if form.word.value == "aux");
        if is_aux && matches!(suffix, Suffix::Repeat(_)) {
            let error = self.error(Code::E0211, span, "`aux` takes no `* n`");
            error.help("an auxiliary branch is one output; repeat the statements in it").emit();
        }
        let Some(last) = last else { return };
        if rank(last) == rank(suffix) {
            self.error(Code::E0202, span, format!("{} is given twice", shown(suffix))).emit();
        } else if rank(last) > rank(suffix) {
            let error =
                self.error(Code::E0211, span, format!("{} stands behind {}", shown(suffix), shown(last)));
            error.help("the order is `* n`, `-> shape`, `as path`").emit();
        }
    }

    fn repetition(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let count = next(&mut pair.into_inner());
        self.dimension(count)
    }

    /// Builds the head of a statement. If it begins with a word, the arguments are taken from `parts`.
    fn head<'i>(&mut self, pair: Pair<'i, Rule>, parts: &mut Pairs<'i, Rule>) -> Head {
        match pair.as_rule() {
            Rule::group => {
                let body = self.body(pair);
                Head::Group(self.filled(body, "a group"))
            }
            Rule::reference => Head::Reference(self.path(next(&mut pair.into_inner()))),
            Rule::again => Head::Shared(self.path(pair.into_inner().last().expect("`shared` has a path"))),
            _ => self.worded(pair, parts),
        }
    }

    fn worded<'i>(&mut self, first: Pair<'i, Rule>, parts: &mut Pairs<'i, Rule>) -> Head {
        let Words { word, call, before, branches, after } = self.words(first, parts);
        let branches_span = branches.as_ref().map(|branches| self.span(branches));
        let branches = branches.map(|branches| self.branches(branches));
        match (call, branches) {
            (None, None) => Head::Op { word, args: before.into() },
            (None, Some(branches)) => {
                if word.value == "aux" {
                    self.no_trailing_words(&after);
                }
                Head::Form(Box::new(BranchForm {
                    word,
                    args: before.into(),
                    branches,
                    trailing: after.into(),
                }))
            }
            (Some(list), _) => {
                if let Some(span) = branches_span {
                    let span = self.first_word(span);
                    self.error(Code::E0211, span, "a block call takes no branches").emit();
                }
                let args_span = self.span(&list);
                let args = self.call_arguments(list).into();
                Head::Call(Box::new(BlockCall { block: word, args, args_span, trailing: before.into() }))
            }
        }
    }

    /// Reports trailing words behind `aux`: the statement leaves the value that arrived, so the words would apply to
    /// another value than that of the branch.
    fn no_trailing_words(&mut self, args: &[Arg]) {
        if let Some(first) = args.first() {
            let error = self.error(Code::E0211, first.span(), "`aux` takes no trailing words");
            error.help("write them into the branch, or behind `;` where they are meant for the trunk").emit();
        }
    }

    fn words<'i>(&mut self, first: Pair<'i, Rule>, parts: &mut Pairs<'i, Rule>) -> Words<'i> {
        let Range { start, mut end } = self.place(&first);
        let (word, call) = match first.as_rule() {
            Rule::callee => {
                let mut inner = first.into_inner();
                (self.ident(next(&mut inner)), Some(next(&mut inner)))
            }
            _ => (self.ident(first), None),
        };
        // In most statements all parts are arguments.
        let before = Vec::with_capacity(parts.len().min(MOST_ARGUMENTS));
        let mut words = Words { word, call, before, branches: None, after: Vec::new() };
        // The arguments before and behind the branches. Those beyond the limit are reported, and not kept.
        let mut counts = [0; 2];
        while let Some(part) = parts.peek().filter(|part| !is_suffix(part)) {
            parts.next();
            end = self.place(&part).end;
            match part.as_rule() {
                Rule::branches => words.branches = Some(part),
                // An entry with a name, as in `block (1, s=2)`, can only be an argument of a block.
                _ if counts == [0, 0]
                    && words.call.is_none()
                    && words.branches.is_none()
                    && is_named_list(&part) =>
                {
                    words.call = parenthesis_of(part);
                }
                _ => {
                    let is_behind = words.branches.is_some();
                    let count = &mut counts[usize::from(is_behind)];
                    *count += 1;
                    if *count <= MOST_ARGUMENTS {
                        let list = if is_behind { &mut words.after } else { &mut words.before };
                        list.push(self.argument(part));
                    }
                }
            }
        }
        let whole = self.original(start, end);
        self.check_argument_count(counts[0].max(counts[1]), whole);
        words
    }

    fn branches(&mut self, pair: Pair<'_, Rule>) -> Box<[Body]> {
        // The first is the `<`.
        let mut branches = pair.into_inner();
        next(&mut branches);
        exactly(branches, |branch| {
            let body = self.body(branch);
            self.filled(body, "a branch")
        })
    }

    pub(super) fn naming(&mut self, pair: Pair<'_, Rule>) -> Name {
        let mut inner = pair.into_inner().filter(|part| part.as_rule() != Rule::kw_from);
        let path = inner.nth(1).expect("a name follows `as`");
        let first = inner.next();
        let mut name = self.new_path(path);
        name.first = first.map(|first| self.dimension(first));
        name
    }

    /// Builds a shape with open dimensions.
    pub(super) fn shape(&mut self, pair: Pair<'_, Rule>) -> ShapePattern {
        let span = self.span(&pair);
        let dims = exactly(pair.into_inner(), |part| match part.as_rule() {
            Rule::open => None,
            _ => Some(self.dimension(part)),
        });
        ShapePattern { dims, span }
    }

    /// Builds the path behind `@`, `shared` or `expect`.
    pub(super) fn path(&mut self, pair: Pair<'_, Rule>) -> Path {
        let span = self.span(&pair);
        let parts: Box<[PathPart]> = exactly(pair.into_inner(), |part| self.part(part));
        for part in &parts {
            if part.value.contains('*') {
                let error =
                    self.error(Code::E0214, part.span, "`*` stands for a member's number only after `as`");
                error.help("write the number: `\"block1-0\"`").emit();
            }
        }
        Path { parts, span }
    }
}

/// The parts of a statement that begins with a word.
struct Words<'i> {
    word: Ident,
    /// The parenthesis of a block call.
    call: Option<Pair<'i, Rule>>,
    /// Arguments and trailing words before the branches.
    before: Vec<Arg>,
    branches: Option<Pair<'i, Rule>>,
    /// Trailing words behind the branches.
    after: Vec<Arg>,
}

fn is_suffix(pair: &Pair<'_, Rule>) -> bool {
    matches!(pair.as_rule(), Rule::repetition | Rule::stated | Rule::naming)
}

/// The position of a suffix in the order of [`Suffix`].
fn rank(suffix: &Suffix) -> u8 {
    match suffix {
        Suffix::Repeat(_) => 0,
        Suffix::Shape(_) => 1,
        Suffix::Name(_) => 2,
    }
}

fn shown(suffix: &Suffix) -> &'static str {
    match suffix {
        Suffix::Repeat(_) => "`* n`",
        Suffix::Shape(_) => "`-> shape`",
        Suffix::Name(_) => "`as path`",
    }
}

/// The parenthesis of a `size` that consists of nothing else.
fn parenthesis_of(pair: Pair<'_, Rule>) -> Option<Pair<'_, Rule>> {
    let mut inner = pair.into_inner();
    let first = inner.next().filter(|part| part.as_rule() == Rule::parenthesised)?;
    inner.next().is_none().then_some(first)
}

fn is_named_list(pair: &Pair<'_, Rule>) -> bool {
    let list = (pair.as_rule() == Rule::size).then(|| parenthesis_of(pair.clone())).flatten();
    list.is_some_and(|list| {
        let mut entries = list.into_inner().filter(|part| part.as_rule() == Rule::entry).peekable();
        entries.peek().is_none() || entries.any(|entry| entry.into_inner().count() > 1)
    })
}
