//! A parsed file: its text, tokens, comments and tree.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{FileId, Span};

use super::ast::File;
use super::token::{Comment, Token};

/// A file after parsing. It owns each token and each comment of its text once, in source order; the span of a node
/// tells which of them belong to the node.
#[derive(Debug)]
pub struct Parsed {
    /// The file in the source map.
    pub file: FileId,
    /// Its text.
    pub text: Arc<str>,
    /// Its tokens; empty for a text that was refused unread.
    pub tokens: Vec<Token>,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// Its tree.
    pub tree: File,
}

impl Parsed {
    /// The tokens of a node, as indices of [`Parsed::tokens`].
    pub fn tokens_of(&self, span: Span) -> Range<usize> {
        let first = self.tokens.partition_point(|token| token.start < span.start);
        let last = self.tokens.partition_point(|token| token.end <= span.end);
        first..last.max(first)
    }

    /// The `;`, `|` or `,` that ends a node, as an index of [`Parsed::tokens`].
    pub fn separator(&self, span: Span) -> Option<usize> {
        let next = self.tokens_of(span).end;
        self.tokens.get(next).filter(|token| token.is(';') || token.is('|') || token.is(',')).map(|_| next)
    }

    /// The comments before and between these tokens, and those behind the last one that stand on its line.
    pub fn comments_of(&self, tokens: Range<usize>) -> &[Comment] {
        let first = self.comments.partition_point(|comment| {
            comment.tokens_before < tokens.start
                || (comment.tokens_before == tokens.start && !comment.own_line && tokens.start > 0)
        });
        let behind = |comment: &Comment| comment.tokens_before < tokens.end;
        let mut last = self.comments.partition_point(behind).max(first);
        let trails = |comment: &&Comment| comment.tokens_before == tokens.end && !comment.own_line;
        last += self.comments[last..].iter().take_while(trails).count();
        &self.comments[first..last]
    }

    /// The text of a token.
    pub fn token_text(&self, token: Token) -> &str {
        &self.text[token.start as usize..token.end as usize]
    }

    /// The text of a comment, with its `#`.
    pub fn comment_text(&self, comment: Comment) -> &str {
        &self.text[comment.start as usize..comment.end as usize]
    }

    /// The place of a token.
    pub fn token_span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::SourceMap;
    use crate::diag::Sink;
    use crate::syntax::ast::StmtKind;
    use crate::syntax::{Parsed, parse};

    fn read(text: &str) -> Parsed {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", text);
        parse(&map, file, &mut Sink::default())
    }

    #[test]
    fn a_node_knows_its_tokens_separator_and_comments() {
        let text = "relu; # one\n# two\nconv 3x3x(n) # three\n  bn; # four\n# five\nadd < a | b >\n";
        let parsed = read(text);
        let body = parsed.tree.statements.as_ref().expect("bare statements");
        let shown: Vec<(Vec<&str>, Option<&str>, Vec<&str>)> = body
            .statements
            .iter()
            .map(|one| {
                let tokens = parsed.tokens_of(one.span);
                let words = parsed.tokens[tokens.clone()].iter().map(|&token| parsed.token_text(token));
                let separator = parsed.separator(one.span).map(|at| parsed.token_text(parsed.tokens[at]));
                let end = parsed.separator(one.span).map_or(tokens.end, |at| at + 1);
                let comments = parsed.comments_of(tokens.start..end);
                let comments = comments.iter().map(|&comment| parsed.comment_text(comment));
                (words.collect(), separator, comments.collect())
            })
            .collect();
        let expected = [
            (vec!["relu"], Some(";"), vec!["# one"]),
            (vec!["conv", "3x3x", "(", "n", ")", "bn"], Some(";"), vec!["# two", "# three", "# four"]),
            (vec!["add", "<", "a", "|", "b", ">"], None, vec!["# five"]),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_broken_statement_keeps_what_could_be_read() {
        let parsed = read("relu; conv 3x3x8 same pad= ; residual project = < relu as inner > as outer");
        let body = parsed.tree.statements.as_ref().expect("bare statements");
        let StmtKind::Broken(Some(read)) = &body.statements[1].kind else { panic!("{body:?}") };
        let StmtKind::Flow(flow) = &**read else { panic!("{read:?}") };
        let crate::syntax::ast::Head::Op { word, args } = &flow.head else { panic!("{flow:?}") };
        assert_eq!((word.value.as_str(), args.len()), ("conv", 3));
    }
}
