//! A way to give up work whose result nobody wants any more.

use std::fmt;
use std::sync::Arc;

/// Says whether work is to be given up; by itself it never is. What was computed until then has no meaning.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Interrupt {
    /// Work is given up as soon as the function says so.
    pub fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Interrupt {
        Interrupt(Some(Arc::new(is_over)))
    }

    /// Returns whether the work is to be given up.
    pub fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|is_over| is_over())
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.0.is_some()).finish()
    }
}
