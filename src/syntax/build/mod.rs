//! Builds the tree from the pairs of the grammar. This file holds the functions that all builders share: text, tokens,
//! places, names, and the words of text that could not be used.

mod arguments;
mod expression;
mod flows;
mod items;
mod mistakes;
mod pieces;
mod statements;
mod top_level;

use std::cmp::Reverse;
use std::ops::Range;

use pest::iterators::{Pair, Pairs};

use crate::base::{Span, Spanned};
use crate::diag::{Builder, Code};

use crate::syntax::ast::{File, Ident};
use crate::syntax::comments::doc_above;
use crate::syntax::extent::Extent;
use crate::syntax::grammar::Rule;
use crate::syntax::lex::Lexed;
use crate::syntax::mend::Repaired;
use crate::syntax::session::Session;
use crate::syntax::token::{Token, TokenKind};

/// Reads the text by the grammar and turns its pairs into the tree.
pub(crate) struct TreeBuilder<'a, 's> {
    /// The file and the sink.
    pub(crate) session: &'s mut Session<'a>,
    /// The text that the grammar read.
    pub(crate) repaired: &'s Repaired,
    /// The tokens of the original text.
    pub(crate) tokens: &'s [Token],
    /// The tokens and comments of the original text.
    lexed: &'s Lexed,
    /// The tree as far as it is built.
    pub(crate) tree: File,
    /// The places of items and statements, in the order in which they end.
    pub(crate) elements: Vec<Extent>,
    /// Whether an error was found in the element at hand, outside the elements inside it.
    pub(crate) has_error: bool,
    /// The number of operands and signs of the expression that is being built.
    pub(crate) terms: usize,
    /// The bytes of the piece that is being read, in the repaired text.
    piece: Range<usize>,
    /// The places of text that could not be built.
    unused: Vec<Span>,
    /// The bytes that may still be read a second time to explain a mistake.
    explain_budget: usize,
}

/// The next pair, which the grammar guarantees.
pub(crate) fn next<'i>(pairs: &mut Pairs<'i, Rule>) -> Pair<'i, Rule> {
    pairs.next().expect("the grammar gives the rule this part")
}

/// What is made of each pair, as a list without spare room: many lists of a tree have one element.
pub(crate) fn exactly<'i, T>(pairs: Pairs<'i, Rule>, make: impl FnMut(Pair<'i, Rule>) -> T) -> Box<[T]> {
    let mut list = Vec::with_capacity(pairs.len());
    list.extend(pairs.map(make));
    list.into()
}

impl<'a, 's> TreeBuilder<'a, 's> {
    /// A builder without a tree.
    pub(crate) fn new(
        session: &'s mut Session<'a>,
        repaired: &'s Repaired,
        lexed: &'s Lexed,
    ) -> TreeBuilder<'a, 's> {
        TreeBuilder {
            session,
            repaired,
            tokens: &lexed.tokens,
            lexed,
            tree: File::default(),
            elements: Vec::new(),
            has_error: false,
            terms: 0,
            piece: 0..0,
            unused: Vec::new(),
            explain_budget: 64 * 1024 + 4 * repaired.text.len(),
        }
    }

    /// Starts an error about the element that is being built.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.has_error = true;
        self.session.error(code, span, message)
    }

    /// The bytes of a pair in the repaired text.
    pub(crate) fn place(&self, pair: &Pair<'_, Rule>) -> Range<usize> {
        let span = pair.as_span();
        self.piece.start + span.start()..self.piece.start + span.end()
    }

    /// The place of a pair in the original text, without white space and comments at its end.
    pub(crate) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let Range { start, end } = self.place(pair);
        self.original(start, end)
    }

    /// The original place of the bytes `start..end` of the repaired text, without white space and comments.
    pub(crate) fn original(&self, start: usize, end: usize) -> Span {
        let (start, end) = (self.repaired.original(start), self.repaired.original(end));
        let after = self.tokens.partition_point(|token| (token.start as usize) < end);
        let end = self.tokens[..after].last().map_or(start, |token| end.min(token.end as usize));
        self.session.span(start, end.max(start))
    }

    /// The doc comment above an item or statement.
    pub(crate) fn doc(&self, span: Span) -> Box<[String]> {
        doc_above(self.session.source, self.lexed, span.start)
    }

    /// An identifier.
    pub(crate) fn ident(&self, pair: Pair<'_, Rule>) -> Ident {
        Spanned::new(pair.as_str().into(), self.span(&pair))
    }

    /// A string without its quotes.
    pub(crate) fn string(&self, pair: &Pair<'_, Rule>) -> Spanned<String> {
        Spanned::new(pair.as_str().trim_matches('"').to_owned(), self.span(pair))
    }

    /// Marks the file as broken and records a part of the text that is not used.
    pub(crate) fn salvage(&mut self, span: Span) {
        self.tree.broken = true;
        self.unused.push(span);
    }

    /// Collects the names in the parts that are not used, and gives the tree.
    pub(crate) fn finish(mut self) -> (File, Vec<Extent>) {
        self.unused.sort_unstable_by_key(|span| (span.start, Reverse(span.end)));
        let mut done = 0;
        for span in self.unused {
            let start = span.start.max(done);
            done = done.max(span.end);
            let first = self.tokens.partition_point(|token| token.start < start);
            for token in self.tokens[first..].iter().take_while(|token| token.end <= span.end) {
                if matches!(token.kind, TokenKind::Word | TokenKind::Text | TokenKind::Path) {
                    let text = &self.session.source[token.start as usize..token.end as usize];
                    let names = text.split(['.', '[', ']', '"']).filter(|name| !name.is_empty());
                    self.tree.skipped_names.extend(names.map(str::to_owned));
                }
            }
        }
        (self.tree, self.elements)
    }

    /// Returns whether a mistake within the span was reported before the grammar read it.
    pub(crate) fn is_unreliable(&self, span: Span) -> bool {
        self.repaired.is_unreliable(span.start as usize, span.end as usize)
    }
}
