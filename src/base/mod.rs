//! The foundation of all other modules: spans, the source map, quantities, suggestions.
//!
//! Nothing here knows the language, the network or the command line.

mod digits;
mod interrupt;
pub mod quantity;
pub mod safe;
mod source;
mod stack;
mod suggest;
mod visible;

pub use digits::{counted, grouped, percent};
pub use interrupt::Interrupt;
pub use source::{
    FileId, Location, MAX_SOURCE_BYTES, SourceMap, SourceText, Span, Spanned, Utf16Position, column_offset,
};
pub use stack::{grow_stack, is_refused_stack, with_deep_stack};
pub use suggest::{MOST_SEARCHED, did_you_mean, meant, nearest, perhaps_newer};
pub use visible::{is_hidden, push_visible, visible};
