//! Resolves the names in statements with a syntax error, for editors. Nothing is computed or reported.
//!
//! Of such a statement the tree has only the beginning that could be read. Blocks, constants and parameters are
//! therefore looked up by the words of the text; values behind `@` and `shared` by the tree.

use crate::base::grow_stack;
use crate::syntax::ast::{Body, Flow, Head, Path, Stmt, StmtKind};
use crate::syntax::{Parsed, Token, TokenKind};

use super::context::Context;
use super::environment::{Environment, Setting};
use super::expander::Expander;
use super::uses::Definition;
use super::values::Lookup;

impl<'a> Expander<'a> {
    /// Records what the names of a broken statement mean.
    pub(super) fn unfinished(&mut self, statement: &'a Stmt, cx: &Context<'_>) {
        let program = self.request.program;
        let parsed: &'a Parsed = &program.sources[cx.env.file].parsed;
        let tokens = &parsed.tokens[parsed.tokens_of(statement.span)];
        self.spend(tokens.len() as u64, statement.span);
        if self.limits.exhausted {
            return;
        }
        let mut depth = 0_usize;
        for (at, &token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
                TokenKind::Word => {
                    let next = tokens.get(at + 1).copied();
                    let before = at.checked_sub(1).map(|before| tokens[before]);
                    // In `s=` and `let s` the word is a name, not a use of one.
                    let is_named = next.is_some_and(|next| next.is('='));
                    let is_call = next.is_some_and(|next| next.is('(') && next.start == token.end);
                    let is_value = depth > 0 || before.is_some_and(is_operator);
                    if is_call {
                        self.called_block(parsed, token, cx.env);
                    } else if !is_named {
                        self.value_of_word(parsed, token, is_value, cx.env);
                    }
                }
                _ => {}
            }
        }
        self.references(&statement.kind, cx);
    }

    fn called_block(&mut self, parsed: &Parsed, token: Token, env: &Environment) {
        let program = self.request.program;
        if let Some(&id) = program.sources[env.file].names.blocks.get(parsed.token_text(token)) {
            self.uses.word(parsed.token_span(token), || Definition::Block(program.block(id).name.span));
        }
    }

    /// The meaning of a word: a constant or parameter where a value is expected, or a `word` parameter behind an
    /// operator.
    fn value_of_word(&mut self, parsed: &Parsed, token: Token, is_value: bool, env: &Environment) {
        let (program, name) = (self.request.program, parsed.token_text(token));
        let definition = match env.get(name) {
            Some(variable) => match variable.value {
                Ok(Setting::Word(_)) => Definition::Parameter(variable.declared),
                _ if !is_value => return,
                _ if variable.is_parameter => Definition::Parameter(variable.declared),
                _ => Definition::Constant(variable.declared),
            },
            None if is_value => {
                let Some(&id) = program.sources[env.file].names.lets.get(name) else { return };
                Definition::Constant(program.constant(id).name.span)
            }
            None => return,
        };
        self.uses.word(parsed.token_span(token), || definition);
    }

    /// Records the values that `@` and `shared` name, in the statement and in all statements within it.
    fn references(&mut self, statement: &StmtKind, cx: &Context<'_>) {
        match statement {
            StmtKind::Broken(Some(read)) => self.references(read, cx),
            StmtKind::Flow(Flow { head, .. }) => match head {
                Head::Form(form) => {
                    form.branches.iter().for_each(|branch| self.references_within(branch, cx));
                }
                Head::Group(body) => self.references_within(body, cx),
                Head::Reference(path) | Head::Shared(path) => self.value_behind(path, cx),
                Head::Op { .. } | Head::Call(_) => {}
            },
            _ => {}
        }
    }

    fn references_within(&mut self, body: &Body, cx: &Context<'_>) {
        for statement in &body.statements {
            grow_stack(|| self.references(&statement.kind, cx));
        }
    }

    fn value_behind(&mut self, path: &Path, cx: &Context<'_>) {
        let parts: Vec<String> = path.parts.iter().map(|part| part.value.to_string()).collect();
        self.spend(cx.scope.path.len() as u64, path.span);
        if let Lookup::Found(named) = self.values.find(&parts, cx.scope, self.around.train) {
            let definition = Definition::Value { named: named.written, path: named.path.clone() };
            self.uses.word(path.span, || definition);
        }
    }
}

/// Returns whether a symbol requires a value behind it.
fn is_operator(token: Token) -> bool {
    matches!(token.kind, TokenKind::Symbol(symbol) if "=+-*/%^,".contains(symbol))
}
