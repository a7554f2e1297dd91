//! What comments say: documentation (`##`) and allowed lints (`# allow W0203`).
//!
//! `##` speaks of the item or statement that begins behind it; `###` and more are ordinary comments. `# allow`
//! speaks of its line if something stands before it there, of the whole file if nothing stands before it at all,
//! and else of the item or statement that begins behind it. Text behind the codes is the author's reason.

use std::cmp::Reverse;

use crate::base::Span;
use crate::diag::Code;

use super::ast::{Allow, Block, File, Item, Network};
use super::build::{Element, Part};
use super::lex::{Comment, Lexed};
use super::session::Session;

/// Hands the comments of a text to the parts of its tree.
pub(crate) fn read_comments(session: &mut Session<'_>, lexed: &Lexed, tree: &mut File, elements: &[Element]) {
    if lexed.comments.is_empty() {
        return;
    }
    let mut targets: Vec<Element> = elements.to_vec();
    targets.retain(|element| matches!(element.part, Part::Statement | Part::Item(_)));
    targets.sort_by_key(|element| (element.span.start, Reverse(element.span.end)));
    let mut reader = Reader { session, lexed, tree, targets };
    let mut undocumented: Option<usize> = None;
    for comment in &lexed.comments {
        let text = &reader.session.source[comment.start as usize..comment.end as usize];
        match text.strip_prefix("##") {
            Some(doc) if doc.starts_with('#') => {}
            Some(doc) => reader.document(*comment, doc, &mut undocumented),
            None => reader.allow(*comment, &text[1..]),
        }
    }
}

struct Reader<'a, 's> {
    session: &'s mut Session<'a>,
    lexed: &'s Lexed,
    tree: &'s mut File,
    /// Items and statements by their beginning, outer ones first.
    targets: Vec<Element>,
}

impl Reader<'_, '_> {
    /// The outermost item or statement that begins behind a comment.
    fn target(&self, comment: Comment) -> Option<Element> {
        let mut next = comment.tokens_before;
        while self.lexed.tokens.get(next).is_some_and(|token| token.is('|')) {
            next += 1;
        }
        let start = self.lexed.tokens.get(next)?.start;
        let index = self.targets.partition_point(|element| element.span.start < start);
        self.targets.get(index).copied().filter(|element| element.span.start == start)
    }

    /// Of several lines that document nothing one is reported.
    fn document(&mut self, comment: Comment, text: &str, undocumented: &mut Option<usize>) {
        let Some(target) = self.target(comment) else {
            if undocumented.replace(comment.tokens_before) != Some(comment.tokens_before) {
                let span = self.session.span(comment.start as usize, comment.end as usize);
                let warning =
                    self.session.sink.warning(Code::W0001, span, "this doc comment documents nothing");
                warning
                    .help("`##` stands before an item or statement; `#` begins an ordinary comment")
                    .warn();
            }
            return;
        };
        let Part::Item(Some(index)) = target.part else { return };
        if let Some(Item::Block(Block { doc, .. }) | Item::Network(Network { doc, .. })) =
            self.tree.items.get_mut(index)
        {
            doc.push(text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned());
        }
    }

    fn allow(&mut self, comment: Comment, text: &str) {
        let Some(list) = text.trim_start().strip_prefix("allow").filter(|rest| rest.starts_with([' ', '\t']))
        else {
            return;
        };
        let scope = self.scope(comment);
        let mut rest = list.trim_start();
        loop {
            let length = rest.find(|one: char| !one.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(length);
            if !is_code_like(word) {
                break;
            }
            let start = comment.end as usize - rest.len();
            let span = self.session.span(start, start + length);
            self.allow_code(word, span, scope);
            let Some(behind) = behind.trim_start().strip_prefix(',') else { break };
            rest = behind.trim_start();
        }
    }

    fn allow_code(&mut self, word: &str, place: Span, scope: Span) {
        match Code::parse(word) {
            Some(code) if is_lint(code) => self.tree.allows.push(Allow { code, scope }),
            Some(code) => {
                let message = format!("{code} is an error and cannot be allowed");
                self.session.error(Code::E0201, place, message).here(code.title()).emit();
            }
            None => {
                let error = self.session.error(Code::E0201, place, format!("there is no lint `{word}`"));
                error.help("lints have codes such as W0203").emit();
            }
        }
    }

    fn scope(&self, comment: Comment) -> Span {
        let source = self.session.source;
        let at = comment.start as usize;
        if comment.tokens_before == 0 {
            return self.session.span(0, source.len());
        }
        if comment.own_line
            && let Some(target) = self.target(comment)
        {
            return target.span;
        }
        let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.session.span(line_start, comment.end as usize)
    }
}

fn is_lint(code: Code) -> bool {
    code.id().starts_with('W')
}

/// `W0203` is, a word of a sentence is not.
fn is_code_like(word: &str) -> bool {
    let digits = word.strip_prefix(|first: char| first.is_ascii_alphabetic()).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
