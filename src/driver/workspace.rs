//! Makes sessions of texts that change, such as those of an editor. Unchanged files are not parsed again.

use std::sync::Arc;

use crate::base::FileId;
use crate::diag::{Code, Failure};
use crate::sema::{Files, Loader};

use super::{Session, anonymous_name};

/// Open texts before the files of a loader. A file is read and parsed once: again only after it was opened with
/// another text, or invalidated. A path keeps its [`FileId`], and each [`Session`] keeps the texts that it was
/// made of, so that one made before a change stays whole.
///
/// ```
/// use cnnc::driver::{Options, Workspace};
///
/// let mut workspace = Workspace::new(Box::new(()));
/// workspace.open("blocks.cnn", "block cell(n) { conv 3x3x(n) same; }");
/// workspace.open("net.cnn", "use \"blocks.cnn\"; network net { input 8x8x1; cell(4); }");
/// let session = workspace.session("net.cnn").expect("the text is open");
/// assert!(!session.check(&Options::default()).expect("nothing is set").failed());
///
/// workspace.open("blocks.cnn", "block other(n) { conv 3x3x(n) same; }");
/// let session = workspace.session("net.cnn").expect("the text is open");
/// assert!(session.check(&Options::default()).expect("nothing is set").failed());
/// ```
pub struct Workspace {
    loader: Box<dyn Loader + Send>,
    files: Files,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Workspace {
    /// A workspace without open texts; what is not open comes from `loader`.
    pub fn new(loader: Box<dyn Loader + Send>) -> Workspace {
        Workspace { loader, files: Files::default() }
    }

    /// Opens a text, or changes an open one. Paths are written as a `use` resolves them: with `/` between parts.
    pub fn open(&mut self, path: &str, text: impl Into<Arc<str>>) -> FileId {
        self.files.set(path, text)
    }

    /// Forgets the text of a path, because it was closed or because the file has changed: the loader is asked
    /// when it is needed next.
    pub fn invalidate(&mut self, path: &str) {
        self.files.invalidate(path);
    }

    /// The program of a file and what it uses, as they are now.
    ///
    /// # Errors
    ///
    /// E0609 where the file is neither open nor readable.
    pub fn session(&mut self, path: &str) -> Result<Session, Failure> {
        let anonymous = anonymous_name(path);
        let root = match self.files.current(path) {
            Some(root) => root,
            None => {
                let bytes = self
                    .loader
                    .read(path)
                    .map_err(|error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))?;
                match String::from_utf8(bytes) {
                    Ok(text) => self.files.set(path, text),
                    Err(error) => return Ok(Session::unreadable(path, &error, &anonymous)),
                }
            }
        };
        Ok(Session::of(&mut self.files, self.loader.as_ref(), root, &anonymous))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::driver::Options;

    /// A loader that remembers what was read.
    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Loader for Recorder {
        fn read(&self, path: &str) -> io::Result<Vec<u8>> {
            self.0.lock().unwrap().push(path.to_owned());
            let text = match path {
                "d/blocks.cnn" => "block cell(n) { conv 3x3x(n) same; }",
                "d/net.cnn" => "use \"blocks.cnn\"; network net { input 8x8x1; cell(4); }",
                _ => return Err(io::ErrorKind::NotFound.into()),
            };
            Ok(text.as_bytes().to_vec())
        }
    }

    fn params(session: &Session) -> Option<u128> {
        let outcome = session.compile(&Options::default()).unwrap();
        Some(outcome.checked?.totals().elements.params)
    }

    #[test]
    fn files_are_read_once_and_open_texts_go_before_them() {
        let loader = Recorder::default();
        let mut workspace = Workspace::new(Box::new(loader.clone()));
        let first = workspace.session("d/net.cnn").unwrap();
        assert_eq!(params(&first), Some(40));
        workspace.open("d/net.cnn", "use \"blocks.cnn\"; network net { input 8x8x2; cell(4); }");
        let second = workspace.session("d/net.cnn").unwrap();
        assert_eq!((params(&first), params(&second)), (Some(40), Some(76)));
        assert_eq!(*loader.0.lock().unwrap(), ["d/net.cnn", "d/blocks.cnn"]);
        workspace.invalidate("d/net.cnn");
        assert_eq!(params(&workspace.session("d/net.cnn").unwrap()), Some(40));
        assert_eq!(loader.0.lock().unwrap().len(), 3);
        assert_eq!(workspace.session("d/none.cnn").unwrap_err().code, Code::E0609);
    }

    #[test]
    fn diagnostics_point_into_the_text_of_their_session() {
        let mut workspace = Workspace::new(Box::new(Recorder::default()));
        workspace.open("d/net.cnn", "use \"blocks.cnn\"; network net { input 8x8x1; sell(4); }");
        let session = workspace.session("d/net.cnn").unwrap();
        workspace.open("d/net.cnn", "");
        let outcome = session.check(&Options::default()).unwrap();
        let shown: Vec<&str> =
            outcome.diagnostics.iter().map(|one| session.sources().snippet(one.primary.span)).collect();
        assert_eq!(shown, ["sell"]);
        assert_eq!(session.sources().name(session.root()), "d/net.cnn");
    }
}
