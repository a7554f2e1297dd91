//! The context of a statement: the names that it can use, the scope that names its rows, the value that arrives.

use crate::base::Span;

use super::environment::Environment;
use super::incoming::Incoming;
use super::scope::PathScope;

/// Where a statement stands and what arrives at it.
pub(super) struct Context<'c> {
    /// The statement; for statements between brackets, the statement that holds them.
    pub span: Span,
    /// The names that its expressions see. Constants are added to it as they are met.
    pub env: &'c mut Environment,
    /// The scope that names what it makes.
    pub scope: &'c mut PathScope,
    /// The value of the statement before it.
    pub arriving: Incoming,
}

impl Context<'_> {
    /// The same place where another value arrives.
    pub(super) fn receiving(&mut self, arriving: Incoming) -> Context<'_> {
        Context { span: self.span, env: self.env, scope: self.scope, arriving }
    }

    /// A statement between the brackets of this one, where a value arrives.
    pub(super) fn at(&mut self, span: Span, arriving: Incoming) -> Context<'_> {
        Context { span, env: self.env, scope: self.scope, arriving }
    }

    /// The same statement, writing into another scope.
    pub(super) fn writing_into<'s>(&'s mut self, scope: &'s mut PathScope) -> Context<'s> {
        Context { span: self.span, env: self.env, scope, arriving: self.arriving }
    }
}
