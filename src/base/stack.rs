//! Grows the stack for recursion, so that the depth of a text that compiles does not depend on the caller's thread.
//!
//! Whatever recurses with the nesting of a text (statements, expressions, blocks) passes through [`grow_stack`] once
//! for each level; a recursion that is not written here (the generated parser) runs within [`with_deep_stack`].

/// The stack that one level may use before the next one asks again, in bytes; unoptimised code needs about a tenth of
/// it.
const ONE_LEVEL: usize = 256 << 10;

/// The size of a further piece of stack, in bytes.
const PIECE: usize = 4 << 20;

/// The stack that the generated parser needs for the deepest text, in bytes, in unoptimised code and rounded up
/// generously.
const DEEP: usize = 6 << 20;

/// Returns whether a panic in this source file says that the system refused a further piece of stack.
pub fn is_refused_stack(file: &str) -> bool {
    // `…/stacker-0.1.25/src/lib.rs`
    file.rsplit(['/', '\\']).nth(2).is_some_and(|package| package.starts_with("stacker"))
}

/// Runs one level of a recursion; takes a further piece of stack where little is left.
pub fn grow_stack<R>(level: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(ONE_LEVEL, PIECE, level)
}

/// Runs a recursion of bounded depth that does not ask for stack by itself.
pub fn with_deep_stack<R>(recursion: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(DEEP, DEEP, recursion)
}
