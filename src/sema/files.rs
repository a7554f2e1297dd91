//! Keeps the texts of files, so that each is read and parsed once, however many programs use it.
//!
//! A path keeps its [`FileId`] for good, so that the spans of a tree stay valid while other texts change. A text is
//! parsed again only if it differs from the one before.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{FileId, SourceMap};
use crate::diag::{Diagnostic, Sink};
use crate::syntax::{Parsed, parse};

/// The texts by path, and the trees of those that were parsed.
#[derive(Debug, Default)]
pub struct Files {
    map: SourceMap,
    known: BTreeMap<String, Known>,
    parsed: BTreeMap<FileId, Arc<ParsedFile>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    file: FileId,
    /// Whether the text is up to date, so that it need not be read again.
    current: bool,
}

/// The tree of a file, and the diagnostics about its text.
#[derive(Debug)]
pub(super) struct ParsedFile {
    pub parsed: Arc<Parsed>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Files {
    /// All texts, for rendering.
    pub fn map(&self) -> &SourceMap {
        &self.map
    }

    /// Sets the text of a path. If the text is unchanged, its tree is kept.
    pub fn set(&mut self, path: &str, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        match self.known.get_mut(path) {
            Some(known) => {
                known.current = true;
                if *self.map.text(known.file) != text {
                    self.map.replace(known.file, text);
                    self.parsed.remove(&known.file);
                }
                known.file
            }
            None => {
                let file = self.map.add(path, text);
                self.known.insert(path.to_owned(), Known { file, current: true });
                file
            }
        }
    }

    /// Makes the next program that uses a path read it again.
    pub fn invalidate(&mut self, path: &str) {
        if let Some(known) = self.known.get_mut(path) {
            known.current = false;
        }
    }

    /// The file of a path whose text is known.
    pub fn current(&self, path: &str) -> Option<FileId> {
        self.known.get(path).filter(|known| known.current).map(|known| known.file)
    }

    /// The tree of a file; parses it at the first request.
    pub(super) fn parse(&mut self, file: FileId) -> Arc<ParsedFile> {
        let map = &self.map;
        let parsed = self.parsed.entry(file).or_insert_with(|| {
            let mut sink = Sink::default();
            let parsed = Arc::new(parse(map, file, &mut sink));
            Arc::new(ParsedFile { parsed, diagnostics: sink.into_sorted() })
        });
        parsed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_changed_text_is_parsed_again() {
        let mut files = Files::default();
        let (a, b) = (files.set("a.cnn", "input 8x8x1; relu"), files.set("b.cnn", "input 8x8x1"));
        let (tree_a, tree_b) = (files.parse(a), files.parse(b));
        assert_eq!(files.set("a.cnn", "input 8x8x1; relu"), a);
        assert_eq!(files.set("b.cnn", "input 9x9x1; relu"), b);
        assert!(Arc::ptr_eq(&files.parse(a), &tree_a));
        assert!(!Arc::ptr_eq(&files.parse(b), &tree_b));
        files.invalidate("a.cnn");
        assert_eq!((files.current("a.cnn"), files.current("b.cnn")), (None, Some(b)));
        assert_eq!(files.set("a.cnn", "input 8x8x1; relu"), a);
        assert!(Arc::ptr_eq(&files.parse(a), &tree_a));
    }
}
