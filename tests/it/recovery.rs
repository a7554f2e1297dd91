//! How well the parser goes on after a mistake: every token of the corpus is deleted and doubled, and a stray token
//! is put before it. One mistake should give one diagnostic, on the line of the mistake or a neighbour.

use cnnc::base::SourceMap;
use cnnc::diag::{Severity, Sink};
use cnnc::driver::{Options, Session};
use cnnc::syntax::parse;

const CORPUS: [(&str, &str); 8] = [
    ("bare", include_str!("../corpus/bare.cnn")),
    ("inception_module", include_str!("../corpus/inception_module.cnn")),
    ("later_words", include_str!("../corpus/later_words.cnn")),
    ("lenet5", include_str!("../corpus/lenet5.cnn")),
    ("lenet5_1998", include_str!("../corpus/lenet5_1998.cnn")),
    ("resnet", include_str!("../corpus/resnet.cnn")),
    ("squeeze_excitation", include_str!("../corpus/squeeze_excitation.cnn")),
    ("syntax", include_str!("../corpus/syntax.cnn")),
];

/// The lines of the errors of a text, in the order in which they are shown.
fn syntax_errors(text: &str) -> Vec<u32> {
    let mut map = SourceMap::default();
    let file = map.add("mutant.cnn", text);
    let mut sink = Sink::default();
    let _tree = parse(&map, file, &mut sink);
    let errors = sink.into_sorted().into_iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| map.location(one.primary.span).line).collect()
}

/// The byte ranges of the tokens; comments and white space lie between them.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let length = match bytes[at] {
            b'#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            byte if is_word(byte) => rest.bytes().take_while(|&byte| is_word(byte)).count(),
            _ if rest.starts_with("->") || rest.starts_with("==") => 2,
            _ if rest.starts_with("<=") || rest.starts_with(">=") || rest.starts_with("//") => 2,
            _ => 1,
        };
        tokens.push((at, at + length));
        at += length;
    }
    tokens
}

#[derive(Default)]
struct Tally {
    mutants: usize,
    broken: usize,
    diagnostics: usize,
    near: usize,
}

impl Tally {
    fn count(&mut self, line: u32, errors: &[u32]) {
        self.mutants += 1;
        let Some(first) = errors.first() else { return };
        self.broken += 1;
        self.diagnostics += errors.len();
        self.near += usize::from(first.abs_diff(line) <= 1);
    }

    fn add(&mut self, other: &Tally) {
        self.mutants += other.mutants;
        self.broken += other.broken;
        self.diagnostics += other.diagnostics;
        self.near += other.near;
    }

    fn mean(&self) -> f64 {
        self.diagnostics as f64 / self.broken.max(1) as f64
    }

    fn near_share(&self) -> f64 {
        self.near as f64 / self.broken.max(1) as f64
    }
}

/// Of how many tokens of a text one is mutated; an unoptimised build is too slow for all.
const STRIDE: usize = if cfg!(debug_assertions) { 4 } else { 1 };

/// About how many tokens of an example are mutated at most, spread over all of it: some build large networks.
const MOST_TOKENS: usize = if cfg!(debug_assertions) { 20 } else { 120 };

const MUTATIONS: [&str; 6] = ["delete", "double", "insert )", "insert @", "insert ;", "insert x"];

fn mutate(text: &str, (start, end): (usize, usize), mutation: &str) -> String {
    let (before, token, after) = (&text[..start], &text[start..end], &text[end..]);
    match mutation {
        "delete" => format!("{before}{after}"),
        "double" => format!("{before}{token} {token}{after}"),
        insert => format!("{before}{} {token}{after}", &insert["insert ".len()..]),
    }
}

/// The figures of each mutation over the whole corpus.
fn measure(
    corpus: &[(String, String)],
    most: usize,
    diagnose: impl Fn(&str) -> Vec<u32>,
) -> Vec<(&'static str, Tally)> {
    let tally = |mutation: &'static str| {
        let mut tally = Tally::default();
        for (name, text) in corpus {
            let tokens = tokens(text);
            let stride = STRIDE.max(tokens.len().div_ceil(most));
            for token in tokens.into_iter().step_by(stride) {
                let line = text[..token.0].matches('\n').count() as u32 + 1;
                let mutant = mutate(text, token, mutation);
                let errors = diagnose(&mutant);
                tally.count(line, &errors);
                let far = errors.first().is_some_and(|first| first.abs_diff(line) > 1);
                if std::env::var("SHOW_WORST").is_ok() && (errors.len() > 1 || far) {
                    let shown = mutant.lines().nth(line as usize - 1).unwrap_or("").trim();
                    println!(
                        "{name}:{line}: {mutation} `{}`: errors on lines {errors:?}: {shown}",
                        &text[token.0..token.1]
                    );
                }
            }
        }
        (mutation, tally)
    };
    MUTATIONS.into_iter().map(tally).collect()
}

#[test]
fn one_mistake_gives_one_diagnostic_near_it() {
    let corpus = CORPUS.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let figures = measure(&corpus, usize::MAX, syntax_errors);
    let mut all = Tally::default();
    for (mutation, tally) in &figures {
        let (mean, near) = (tally.mean(), 100.0 * tally.near_share());
        println!(
            "{mutation:9} {:5} mutants, {:5} broken, {mean:.3} diagnostics, {near:.1} % near",
            tally.mutants, tally.broken
        );
        all.add(tally);
    }
    let (mean, near) = (all.mean(), all.near_share());
    println!(
        "all       {:5} mutants, {:5} broken, {mean:.3} diagnostics, {:.1} % near",
        all.mutants,
        all.broken,
        100.0 * near
    );
    assert!(mean <= 1.1, "{mean:.3} diagnostics for one mistake");
    assert!(near >= 0.97, "only {near:.3} of the first diagnostics are near the mistake");
}

/// `EVERY_TOKEN=1` mutates all of them.
fn most_tokens() -> usize {
    if std::env::var_os("EVERY_TOKEN").is_some() { usize::MAX } else { MOST_TOKENS }
}

/// The lines of the errors of the whole compiler. A value that is not known silences what meets it; that an error was
/// reported about it shows here: a network is missing only where there is an error.
fn errors(text: &str) -> Vec<u32> {
    let session = Session::load(&(), "mutant.cnn", text.as_bytes().to_vec(), "mutant");
    let outcome = session.check(&Options::default()).unwrap();
    let errors = outcome.diagnostics.iter().filter(|one| one.severity == Severity::Error);
    let lines: Vec<u32> = errors.map(|one| session.sources().location(one.primary.span).line).collect();
    let ready = session.entries().iter().filter(|entry| entry.needs.is_empty()).count();
    let found = outcome.networks.iter().filter(|network| network.entry.needs.is_empty()).count();
    assert!(!lines.is_empty() || found == ready, "a network is missing, and no error says why:\n{text}");
    lines
}

#[test]
fn mistakes_in_the_examples_are_found_where_they_are() {
    let corpus: Vec<(String, String)> = crate::examples::all()
        .into_iter()
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    let mut all = Tally::default();
    for (mutation, tally) in &measure(&corpus, most_tokens(), errors) {
        let (mean, near) = (tally.mean(), 100.0 * tally.near_share());
        println!(
            "{mutation:9} {:5} mutants, {:5} broken, {mean:.3} diagnostics, {near:.1} % near",
            tally.mutants, tally.broken
        );
        all.add(tally);
    }
    println!(
        "all       {:5} mutants, {:5} broken, {:.3} diagnostics, {:.1} % near",
        all.mutants,
        all.broken,
        all.mean(),
        100.0 * all.near_share()
    );
    assert!(all.mean() <= 1.1, "{:.3} diagnostics for one mistake", all.mean());
    assert!(all.near_share() >= 0.97, "{:.3} near the mistake", all.near_share());
}
