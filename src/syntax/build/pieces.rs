//! Reads a file in pieces: a few statements, an item, or a part of an item's body. The builder lets go of what the
//! generated parser keeps of a piece before it reads the next one, so that this memory does not grow with the file.
//!
//! The places of pairs count from the beginning of their piece; `TreeBuilder::place` adds it.

use pest::Parser;
use pest::error::InputLocation;
use pest::iterators::Pairs;

use crate::syntax::ast::Body;
use crate::syntax::extent::{Extent, Part};
use crate::syntax::grammar::{CnnParser, Rule};

use super::top_level::TopLevel;
use super::{TreeBuilder, next};

impl<'s> TreeBuilder<'_, 's> {
    /// Reads the file: items, and statements if there is no network. An error is the byte of the repaired text where no
    /// rule fits.
    pub(crate) fn file(&mut self) -> Result<(), usize> {
        let mut top = TopLevel::default();
        loop {
            for part in self.read_piece(Rule::file_piece)? {
                self.has_error = false;
                let rule = part.as_rule();
                match rule {
                    Rule::statement => top.add(self.statement(part)),
                    Rule::block_opening | Rule::network_opening => {
                        let (item, usable) = self.opened_item(part)?;
                        top.add_item(item, usable, rule == Rule::network_opening);
                    }
                    Rule::block | Rule::table | Rule::network => {
                        let (item, usable) = self.item(part);
                        top.add_item(item, usable, rule == Rule::network);
                    }
                    _ => {
                        self.finish_file(top);
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The body whose `{` is the byte `brace`, the last one of the piece at hand.
    pub(super) fn body_in_pieces(&mut self, brace: usize) -> Result<Body, usize> {
        let mut statements = Vec::new();
        loop {
            for part in self.read_piece(Rule::body_piece)? {
                if part.as_rule() == Rule::body_end {
                    let span = self.original(brace, self.piece.end);
                    self.elements.push(Extent { span, part: Part::Body });
                    return Ok(Body { statements: statements.into(), span });
                }
                self.body_element(part, &mut statements);
            }
        }
    }

    /// Reads the next piece and gives its parts.
    fn read_piece(&mut self, rule: Rule) -> Result<Pairs<'s, Rule>, usize> {
        let start = self.piece.end;
        let repaired = self.repaired;
        match CnnParser::parse(rule, &repaired.text[start..]) {
            Ok(mut pairs) => {
                let piece = next(&mut pairs);
                self.piece = start..start + piece.as_span().end();
                Ok(piece.into_inner())
            }
            Err(error) => Err(match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => start + at,
            }),
        }
    }
}
