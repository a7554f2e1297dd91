//! Values of the wrong form: behind `*`, `->`, `as`, `name=` and in comparisons, with the edit that makes them right.

use crate::base::Span;
use crate::diag::Code;

use super::{Mismatch, TreeBuilder};
use crate::syntax::grammar::Rule;
use crate::syntax::mend::FORM_WORDS;
use crate::syntax::token::{Token, TokenKind};

impl TreeBuilder<'_, '_> {
    /// Reports a value of the wrong form. Returns whether it did.
    pub(super) fn bad_value(&mut self, place: Mismatch, wanted: &[Rule]) -> bool {
        use TokenKind::{Number, Path, Symbol, Word};
        let Some(before) = place.before else { return false };
        match (before.kind, place.found.map(|found| found.kind)) {
            (Symbol('*'), _) if wanted.contains(&Rule::parenthesised) => self.bad_count(place),
            (_, Some(Symbol('≡' | '≤' | '≥'))) if self.is_path(place.whole, before) => {
                self.bare_comparison(place);
            }
            (Path, Some(Symbol('='))) if self.begins_with(place.whole, "expect") => {
                self.single_equals(place);
            }
            (Symbol('≡' | '≤' | '≥'), _) => {
                self.expected_but_found(place, &format!("a value behind `{}`", self.text(before)));
            }
            (Word, Some(Symbol('['))) if FORM_WORDS.contains(&self.text(before)) => {
                self.bracketed_branches(place, before);
            }
            (Symbol('→'), _) if wanted.contains(&Rule::shape) => self.bad_shape(place),
            (Word, _) if self.text(before) == "as" => self.expected_but_found(place, "a path behind `as`"),
            (Symbol('='), _) if self.is_attribute(place.whole) => match self.attribute_name(place, before) {
                Some(name) => self.bad_attribute(place, name),
                None => return false,
            },
            (Word | Number, Some(Symbol('-'))) if self.is_attribute(place.whole) => {
                self.bare_minus(place, before);
            }
            (_, Some(Symbol('/'))) => self.bare_stride(place),
            _ => return false,
        }
        true
    }

    /// Reports that something else was found than this.
    fn expected_but_found(&mut self, place: Mismatch, what: &str) {
        let message = format!("expected {what}, found {}", self.shown(place.found));
        self.error_at(place, Code::E0001, message);
    }

    /// `* n`, where a number or an expression in parentheses counts.
    fn bad_count(&mut self, place: Mismatch) {
        let Some(word) = place.found.filter(|found| found.kind == TokenKind::Word) else {
            return self.expected_but_found(place, "a number or `( … )` behind `*`");
        };
        let (span, parenthesised) = (self.token_span(word), format!("({})", self.text(word)));
        let error = self.error(Code::E0212, span, "a number or `( … )` must stand behind `*`");
        error.fix(format!("write `{parenthesised}`"), span, parenthesised).emit();
    }

    /// `params == 5`, without `expect`.
    fn bare_comparison(&mut self, place: Mismatch) {
        let span = self.found_span(place);
        let start = Span { end: place.whole.start, ..place.whole };
        let error = self.error(Code::E0001, span, "a comparison without `expect`");
        error.fix("expectations begin with `expect`", start, "expect ").emit();
    }

    /// `expect params = 5`
    fn single_equals(&mut self, place: Mismatch) {
        let span = self.found_span(place);
        self.error(Code::E0001, span, "`=` compares nothing").fix("write `==`", span, "==").emit();
    }

    /// `concat [ … ]`
    fn bracketed_branches(&mut self, place: Mismatch, form: Token) {
        let span = self.found_span(place);
        let error = self.error(Code::E0001, span, format!("`[` behind `{}`", self.text(form)));
        error.help("branches stand between `<` and `>`").emit();
    }

    /// `-> n`, where a shape or an expression in parentheses is stated. A word at the start of a line belongs to the
    /// next statement.
    fn bad_shape(&mut self, place: Mismatch) {
        let Some(word) = place.found.filter(|found| found.kind == TokenKind::Word && !found.leads) else {
            return self.expected_but_found(place, "a shape behind `->`");
        };
        let (span, parenthesised) = (self.token_span(word), format!("({})", self.text(word)));
        let error = self.error(Code::E0001, span, "a name behind `->` stands in parentheses");
        let error = error.fix(format!("write `{parenthesised}`"), span, parenthesised);
        error.help("`->` checks a shape; the next operator stands behind a `;`").emit();
    }

    /// The name of the attribute to which this `=` gives a value.
    fn attribute_name(&self, place: Mismatch, equals: Token) -> Option<Token> {
        let index = self.tokens.partition_point(|token| token.start < equals.start);
        let name = self.tokens[index.checked_sub(1)?];
        (name.kind == TokenKind::Word && name.start >= place.whole.start).then_some(name)
    }

    /// `pad=3x3`, `input size=32x32x3` and other values that no attribute has.
    fn bad_attribute(&mut self, place: Mismatch, name: Token) {
        let is_size = |found: &Token| found.kind == TokenKind::Number && self.text(*found).contains('x');
        let (size, name_span, name) = (place.found.filter(is_size), self.token_span(name), self.text(name));
        let Some(size) = size else {
            return self.expected_but_found(place, &format!("a value behind `{name}=`"));
        };
        let (span, size) = (self.token_span(size), self.text(size).to_owned());
        if self.begins_with(place.whole, "input") {
            let whole = Span { end: span.end, ..name_span };
            let error =
                self.error(Code::E0001, whole, format!("the size of `input` stands without `{name}=`"));
            error.fix(format!("write `{size}`"), whole, size).emit();
        } else {
            let tuple = format!("({})", size.split('x').collect::<Vec<_>>().join(", "));
            let error = self.error(Code::E0001, span, format!("a size is no value of `{name}=`"));
            error.fix(format!("write `{tuple}`"), span, tuple).emit();
        }
    }

    /// A `-` outside of parentheses: the sign of the number behind it (`times -0.5`), or part of a calculation
    /// (`dense n - 1`).
    fn bare_minus(&mut self, place: Mismatch, before: Token) {
        let Some(minus) = place.found else { return };
        let index = self.tokens.partition_point(|token| token.start <= minus.start);
        let number = self.tokens.get(index).copied().filter(|next| next.kind == TokenKind::Number);
        let span = self.token_span(minus);
        match number.filter(|number| number.start == minus.end && before.end < minus.start) {
            Some(number) => {
                let parenthesised = format!("(-{})", self.text(number));
                let span = Span { end: number.end, ..span };
                let error = self.error(Code::E0001, span, "a negative number stands in parentheses");
                error.fix(format!("write `{parenthesised}`"), span, parenthesised).emit();
            }
            None => {
                let error = self.error(Code::E0001, span, "a calculation stands in parentheses");
                error.help("for example `dense (n - 1)`; a negative number too: `times (-2)`").emit();
            }
        }
    }

    /// `3x3x64 /2`
    fn bare_stride(&mut self, place: Mismatch) {
        let span = self.found_span(place);
        let error = self.error(Code::E0001, span, "a stride without its size");
        error.help("a size is one token, without white space: `3x3x64/2`").emit();
    }

    fn found_span(&self, place: Mismatch) -> Span {
        place.found.map_or(place.whole, |found| self.token_span(found))
    }

    /// Returns whether the statement up to this token is one word, perhaps with dots in it.
    fn is_path(&self, whole: Span, last: Token) -> bool {
        let text = &self.session.source[whole.start as usize..last.end as usize];
        !text.contains(char::is_whitespace) && !matches!(text, "expect" | "let")
    }

    /// Returns whether the statement is one that has attributes.
    fn is_attribute(&self, whole: Span) -> bool {
        !["let", "network", "block", "table", "expect"].iter().any(|word| self.begins_with(whole, word))
    }

    /// Returns whether the first token of the statement is this word.
    fn begins_with(&self, whole: Span, word: &str) -> bool {
        let first = self.tokens.partition_point(|token| token.start < whole.start);
        self.text(self.tokens[first]) == word
    }
}
