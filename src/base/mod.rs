//! What every other module stands on: spans, the source map, suggestions.
//!
//! Nothing here knows the language, the network or the command line.

mod source;
mod suggest;

pub use source::{FileId, Location, SourceMap, Span, Spanned};
pub use suggest::did_you_mean;
