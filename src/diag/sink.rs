//! Collects diagnostics.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{MOST_SEARCHED, Span, meant, nearest};

use super::{Code, Diagnostic, Edit, ExpansionTrace, Help, Label, Severity, Subject};

/// A part, if any, and a metric of it.
type Figure = (Option<String>, String);

/// The most errors, and the most warnings, that a sink keeps: enough for any reader, and a bound for hostile texts.
pub const MOST_KEPT: usize = 1000;

/// Collects all diagnostics of one compilation. It keeps one diagnostic for each code and place, so that a mistake in a
/// block that is expanded fifty times is reported for the first copy only; diagnostics about metrics are kept for each
/// metric.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(Code, Span, Option<Figure>)>,
    errors: usize,
    warnings: usize,
    /// Whether an error was reported elsewhere before.
    failed_before: bool,
    network: Option<Arc<str>>,
}

impl Sink {
    /// A sink that already contains these diagnostics.
    pub fn from_diagnostics(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Sink {
        let mut sink = Sink::default();
        diagnostics.into_iter().for_each(|one| sink.add(one));
        sink
    }

    /// An empty sink that knows whether an error was reported elsewhere.
    pub fn with_prior_error(failed_before: bool) -> Sink {
        Sink { failed_before, ..Sink::default() }
    }

    /// Names the network that the following diagnostics are about.
    pub fn set_network(&mut self, network: Option<&str>) {
        self.network = network.map(Arc::from);
    }

    /// Starts an error; it is reported by [`Builder::emit`].
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.start(code, Severity::Error, span, message.into())
    }

    /// Starts a warning; it is reported by [`Builder::warn`].
    pub fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.start(code, Severity::Warning, span, message.into())
    }

    fn start(&mut self, code: Code, severity: Severity, span: Span, message: String) -> Builder<'_> {
        let primary = Label { span, text: String::new() };
        let diagnostic = Diagnostic {
            code,
            severity,
            message,
            primary,
            labels: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            trace: ExpansionTrace::default(),
            subject: Subject { network: self.network.clone(), ..Subject::default() },
        };
        Builder { sink: self, diagnostic }
    }

    /// Returns whether an error was reported.
    pub fn has_failed(&self) -> bool {
        self.failed_before || self.errors > 0
    }

    /// Returns whether a diagnostic with one of these codes was reported.
    pub fn has_any(&self, codes: &[Code]) -> bool {
        self.diagnostics.iter().any(|one| codes.contains(&one.code))
    }

    /// Returns whether further errors would not be kept.
    pub fn is_full(&self) -> bool {
        self.errors >= MOST_KEPT
    }

    /// The diagnostics sorted by file, place and code.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|one| (one.primary.span, one.code));
        diagnostics
    }

    /// Adds a finished diagnostic, unless [`MOST_KEPT`] of its severity are there.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let kept = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        let subject = &diagnostic.subject;
        let metric = subject.metric.clone().map(|metric| (subject.layer.clone(), metric));
        if *kept < MOST_KEPT && self.seen.insert((diagnostic.code, diagnostic.primary.span, metric)) {
            *kept += 1;
            self.diagnostics.push(diagnostic);
        }
    }
}

/// Builds a diagnostic.
#[must_use = "a diagnostic is reported by `emit` or `warn`"]
#[derive(Debug)]
pub struct Builder<'a> {
    sink: &'a mut Sink,
    diagnostic: Diagnostic,
}

/// The result of a search for near names, with the builder.
#[derive(Debug)]
pub enum Suggested<'a> {
    /// A near name was proposed.
    Near(Builder<'a>),
    /// No name is near.
    Nothing(Builder<'a>),
}

impl<'a> Builder<'a> {
    /// Sets the label of the wrong place: what is true there.
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.primary.text = text.into();
        self
    }

    /// Adds a label at another place that matters.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.diagnostic.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a note: the rule, with the numbers in it.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.notes.push(text.into());
        self
    }

    /// Adds a help: what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.helps.push(Help { text: text.into(), edit: None });
        self
    }

    /// Adds a help with the edit that does it.
    pub fn fix(mut self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        let edit = Edit { span, replacement: replacement.into() };
        self.diagnostic.helps.push(Help { text: text.into(), edit: Some(edit) });
        self
    }

    /// Proposes the known names nearest to a misspelt one: an edit where one is nearest, a list where several are.
    pub fn suggest<S: AsRef<str>>(
        self,
        word: &str,
        span: Span,
        known: impl IntoIterator<Item = S>,
    ) -> Suggested<'a> {
        let known: Vec<S> = known.into_iter().take(MOST_SEARCHED).collect();
        match nearest(word, known.iter().map(AsRef::as_ref))[..] {
            [] => Suggested::Nothing(self),
            [near] => Suggested::Near(self.fix(meant(near), span, near)),
            [ref first @ .., last] => {
                let listed = first.iter().map(|near| format!("`{near}`")).collect::<Vec<_>>().join(", ");
                Suggested::Near(self.help(format!("did you mean {listed} or `{last}`?")))
            }
        }
    }

    /// Sets the expansions that led to the place.
    pub fn trace(mut self, trace: &ExpansionTrace) -> Self {
        self.diagnostic.trace = trace.clone();
        self
    }

    /// Sets the row or part that it is about.
    pub fn layer(mut self, path: &str) -> Self {
        self.diagnostic.subject.layer = Some(path.to_owned());
        self
    }

    /// Sets the metric that it is about.
    pub fn metric(mut self, name: &str) -> Self {
        self.diagnostic.subject.metric = Some(name.to_owned());
        self
    }

    /// Reports an error.
    pub fn emit(self) {
        debug_assert_eq!(self.diagnostic.severity, Severity::Error);
        self.sink.add(self.diagnostic);
    }

    /// Reports a warning.
    pub fn warn(self) {
        debug_assert_eq!(self.diagnostic.severity, Severity::Warning);
        self.sink.add(self.diagnostic);
    }
}
