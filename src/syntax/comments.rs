//! Reads documentation (`##`) and allowed lints (`# allow W0203`) from comments.
//!
//! `##` documents the item or statement that begins behind it; `###` and more are ordinary comments. `# allow` applies
//! to its line if code stands before it on the line; to the whole file if it is the first thing in the file; else to
//! the item or statement that begins behind it. Text behind the codes is the author's reason.

use std::cmp::Reverse;

use crate::base::Span;
use crate::diag::Code;

use super::ast::{Allow, File};
use super::extent::{Extent, Part};
use super::lex::Lexed;
use super::session::Session;
use super::token::Comment;

/// The lines of the doc comment above the item or statement that begins at the byte `start`. A `|` may stand between
/// the comment and the statement.
pub(crate) fn doc_above(source: &str, lexed: &Lexed, start: u32) -> Box<[String]> {
    let token = lexed.tokens.partition_point(|token| token.start < start);
    let bars = lexed.tokens[..token].iter().rev().take_while(|token| token.is('|')).count();
    let first = lexed.comments.partition_point(|comment| comment.tokens_before < token - bars);
    let above = lexed.comments[first..].iter().take_while(|comment| comment.tokens_before <= token);
    let lines = above.filter_map(|comment| doc_line(&source[comment.start as usize..comment.end as usize]));
    lines.collect()
}

/// The text of a doc comment; nothing for `#` and for `###` and more.
fn doc_line(comment: &str) -> Option<String> {
    let text = comment.strip_prefix("##").filter(|text| !text.starts_with('#'))?;
    Some(text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned())
}

/// Reads the lints that the comments of a text allow, and warns of doc comments that document nothing.
pub(crate) fn read_comments(session: &mut Session<'_>, lexed: &Lexed, tree: &mut File, elements: &[Extent]) {
    if lexed.comments.is_empty() {
        return;
    }
    let is_target = |element: &&Extent| matches!(element.part, Part::Statement | Part::Item);
    let mut targets: Vec<Extent> = elements.iter().filter(is_target).copied().collect();
    targets.sort_unstable_by_key(|element| (element.span.start, Reverse(element.span.end), element.part));
    let mut reader = Reader { session, lexed, tree, targets };
    let mut undocumented: Option<usize> = None;
    for comment in &lexed.comments {
        let text = &reader.session.source[comment.start as usize..comment.end as usize];
        match text.strip_prefix("##") {
            Some(doc) if doc.starts_with('#') => {}
            Some(_) => reader.document(*comment, &mut undocumented),
            None => reader.allow(*comment, &text[1..]),
        }
    }
}

struct Reader<'a, 's> {
    session: &'s mut Session<'a>,
    lexed: &'s Lexed,
    tree: &'s mut File,
    /// Items and statements sorted by their first byte, outer ones first.
    targets: Vec<Extent>,
}

impl Reader<'_, '_> {
    /// The outermost item or statement that begins behind a comment.
    fn target(&self, comment: Comment) -> Option<Extent> {
        let mut next = comment.tokens_before;
        while self.lexed.tokens.get(next).is_some_and(|token| token.is('|')) {
            next += 1;
        }
        let start = self.lexed.tokens.get(next)?.start;
        let index = self.targets.partition_point(|element| element.span.start < start);
        self.targets.get(index).copied().filter(|element| element.span.start == start)
    }

    /// Warns about a doc comment without an item or statement behind it, once for several lines.
    fn document(&mut self, comment: Comment, undocumented: &mut Option<usize>) {
        if self.target(comment).is_some()
            || undocumented.replace(comment.tokens_before) == Some(comment.tokens_before)
        {
            return;
        }
        let span = self.session.span(comment.start as usize, comment.end as usize);
        let warning = self.session.sink.warning(Code::W0001, span, "this doc comment documents nothing");
        warning.help("`##` stands before an item or statement; `#` begins an ordinary comment").warn();
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
            Some(code) if code.is_lint() => self.tree.allows.push(Allow { code, scope }),
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

/// Returns whether a word looks like a code (`W0203`) and not like a word of a sentence.
fn is_code_like(word: &str) -> bool {
    let digits = word.strip_prefix(|first: char| first.is_ascii_alphabetic()).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use crate::base::SourceMap;
    use crate::diag::Sink;
    use crate::syntax::ast::{File, ItemKind, NetworkKind};
    use crate::syntax::parse;

    /// The tree, each allowed lint with the text to which it applies, and the diagnostics.
    fn read(text: &str) -> (File, Vec<(String, String)>, Vec<String>) {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", text);
        let mut sink = Sink::default();
        let tree = parse(&map, file, &mut sink).tree;
        let allows = tree.allows.iter().map(|one| (one.code.to_string(), map.snippet(one.scope).to_owned()));
        let allows = allows.collect();
        let diagnostics = sink.into_sorted();
        let shown = diagnostics
            .iter()
            .map(|one| format!("{}: {}: {}", map.location(one.primary.span).line, one.code, one.message));
        (tree, allows, shown.collect())
    }

    #[test]
    fn an_allowed_lint_has_the_scope_of_its_comment() {
        let text = "\
let a = 1;
network n {
    conv 3x3x8;  # allow W0201
    # allow W0202, W0203: as in the paper
    residual <
        # allow w0204
        | conv 3x3x8; relu
    >;
    # allow the user to do this
    # allow W0205
}
";
        let (_, allows, diagnostics) = read(text);
        let expected = [
            ("W0201", "    conv 3x3x8;  # allow W0201"),
            ("W0202", "residual <\n        # allow w0204\n        | conv 3x3x8; relu\n    >"),
            ("W0203", "residual <\n        # allow w0204\n        | conv 3x3x8; relu\n    >"),
            ("W0204", "conv 3x3x8"),
            ("W0205", "    # allow W0205"),
        ];
        assert_eq!(allows, expected.map(|(code, text)| (code.to_owned(), text.to_owned())));
        assert_eq!(diagnostics, Vec::<String>::new());
    }

    #[test]
    fn before_everything_it_holds_for_the_file() {
        let text = "# A network.\n# allow W0201\n\n# allow W0202\nrelu; # allow W0203\n";
        let (_, allows, _) = read(text);
        let scopes: Vec<&str> = allows.iter().map(|(_, scope)| scope.as_str()).collect();
        assert_eq!(scopes, [text, text, "relu; # allow W0203"]);
    }

    #[test]
    fn only_lints_are_allowed() {
        let (_, allows, diagnostics) = read("# allow E0304, W9999, W0201\nrelu");
        assert_eq!(allows.len(), 1);
        assert_eq!(
            diagnostics,
            ["1: E0201: E0304 is an error and cannot be allowed", "1: E0201: there is no lint `W9999`"]
        );
    }

    #[test]
    fn doc_comments_belong_to_what_follows() {
        let text = "\
## Squeeze
##   and excitation.
#### a rule
block se(r) {
    ## of a statement
    relu  ## of the second branch, not of this line
    ; mul < a | ## here too
        b >
    ## of nothing
    ## at all
}
## of the network
network n { relu }
## of nothing
";
        let (tree, _, diagnostics) = read(text);
        let [item, last] = &tree.items[..] else { panic!("a block and a network") };
        assert_eq!(item.doc[..], ["Squeeze", "  and excitation."]);
        let ItemKind::Block(block) = &item.kind else { panic!("a block") };
        let docs: Vec<&[String]> = block.body.statements.iter().map(|one| &one.doc[..]).collect();
        assert_eq!(docs, [&["of a statement".to_owned()] as &[String], &[]]);
        let ItemKind::Network(network) = &last.kind else { panic!("a network") };
        assert!(matches!(network.kind, NetworkKind::Body(_)));
        assert_eq!(last.doc[..], ["of the network"]);
        let expected = [6, 9, 14].map(|line| format!("{line}: W0001: this doc comment documents nothing"));
        assert_eq!(diagnostics, expected);
        assert!(!tree.broken);
    }
}
