//! The context of a statement: the names that it can use, the scope that names its layers, the value that arrives.

use crate::base::Span;

use super::environment::Environment;
use super::incoming::Incoming;
use super::scope::PathScope;

/// The context of a statement, and the value that arrives at it.
pub(super) struct Context<'c> {
    /// The place of the statement; for statements between brackets, the place of the statement around.
    pub span: Span,
    /// The names that expressions can use. A `let` adds its constant when it is reached.
    pub env: &'c mut Environment,
    /// The scope that names the layers of the statement.
    pub scope: &'c mut PathScope,
    /// The value that the statement before has left.
    pub arriving: Incoming,
}

impl Context<'_> {
    /// The same context where another value arrives.
    pub(super) fn receiving(&mut self, arriving: Incoming) -> Context<'_> {
        Context { span: self.span, env: self.env, scope: self.scope, arriving }
    }

    /// The context of a statement between the brackets of this one, where `arriving` arrives.
    pub(super) fn at(&mut self, span: Span, arriving: Incoming) -> Context<'_> {
        Context { span, env: self.env, scope: self.scope, arriving }
    }

    /// The same context with another scope for names.
    pub(super) fn writing_into<'s>(&'s mut self, scope: &'s mut PathScope) -> Context<'s> {
        Context { span: self.span, env: self.env, scope, arriving: self.arriving }
    }
}
