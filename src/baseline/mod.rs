//! Baselines: the figures of networks as a text that is committed, and with which later versions are compared,
//! as snapshot tests do.
//!
//! The text is meant for review: it has a section for each network, sorted by file and name, and a line with exact
//! figures for each total and each layer. The same networks give the same text, byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::analysis::{COST_MODEL, Checked, Dtype, Metric};
use crate::base::Span;
use crate::diag::{Code, Sink};

/// The first words of a baseline.
const HEAD: &str = "# cnnc baseline 1,";

/// The number of differing lines that a message names.
const NAMED: usize = 5;

/// The figures of a network: name and value of each line, totals first.
pub type BaselineFigures = Vec<(String, String)>;

/// The figures of a network as a baseline has them.
pub fn figures(checked: &Checked) -> BaselineFigures {
    let graph = checked.graph();
    let mut lines: BaselineFigures = Vec::new();
    for metric in Metric::ALL {
        let value = match metric.of_network(checked) {
            Some(value) => value.to_string(),
            None => match checked.out() {
                Some(out) => graph.node(out).shape.to_string(),
                None => continue,
            },
        };
        lines.push((metric.name().to_owned(), value));
    }
    for (id, node) in graph.layers() {
        let totals = checked.layer_totals(id);
        let mut value = format!("{} {}", node.word, node.shape);
        for metric in [Metric::Params, Metric::Macs] {
            let count = metric.of_totals(totals, Dtype::F32).unwrap_or(0);
            if count > 0 {
                let _ = write!(value, " {} {count}", metric.name());
            }
        }
        if node.train_only {
            value.push_str(" train");
        }
        lines.push((format!("layer {}", node.path), value));
    }
    lines
}

/// The networks of a baseline, by `file#network`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    networks: BTreeMap<String, Section>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Section {
    /// The bytes of the heading.
    place: Range<usize>,
    lines: Vec<(String, String, Range<usize>)>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// The line that is wrong, from 1, and why.
    pub fn parse(text: &str) -> Result<Baseline, (usize, String)> {
        let mut networks: BTreeMap<String, Section> = BTreeMap::new();
        let mut current: Option<String> = None;
        let mut at = 0;
        if !text.starts_with(HEAD) {
            return Err((1, format!("a baseline begins with `{HEAD}`")));
        }
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let place = at..at + line.trim_end().len();
            at += line.len();
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(rest) = line.strip_prefix("  ") else {
                current = Some(line.to_owned());
                networks.insert(line.to_owned(), Section { place, lines: Vec::new() });
                continue;
            };
            let split = rest.split_once(": ");
            let section = current.as_ref().and_then(|name| networks.get_mut(name));
            let (Some((name, value)), Some(section)) = (split, section) else {
                return Err((index + 1, "neither the name of a network nor one of its figures".to_owned()));
            };
            section.lines.push((name.to_owned(), value.to_owned(), place));
        }
        Ok(Baseline { networks })
    }

    /// The networks, by `file#network`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.networks.keys().map(String::as_str)
    }

    /// The place of a network's heading, in bytes.
    pub fn place(&self, key: &str) -> Option<Range<usize>> {
        self.networks.get(key).map(|section| section.place.clone())
    }

    /// The figures of every network, to be written again.
    pub fn into_figures(self) -> BTreeMap<String, BaselineFigures> {
        let lines =
            |section: Section| section.lines.into_iter().map(|(name, value, _)| (name, value)).collect();
        self.networks.into_iter().map(|(key, section)| (key, lines(section))).collect()
    }

    /// Reports at `place` how a network differs from its section. `span` makes a span of a range of the
    /// baseline's text.
    pub fn check(
        &self,
        key: &str,
        figures: &BaselineFigures,
        place: Span,
        span: impl Fn(Range<usize>) -> Span,
        sink: &mut Sink,
    ) {
        let Some(section) = self.networks.get(key) else {
            sink.error(Code::E0405, place, format!("`{key}` is not in the baseline"))
                .here("has no figures there")
                .metric("baseline")
                .emit();
            return;
        };
        let differences = differences(section, figures);
        let Some((first, _)) = differences.first() else { return };
        let count = crate::base::counted(differences.len() as u64, "line");
        let mut error = sink
            .error(Code::E0405, place, format!("`{key}` differs from the baseline in {count}"))
            .here("other figures than those of the baseline")
            .metric("baseline");
        if let Some(first) = first {
            error = error.label(span(first.clone()), "the first line that differs");
        }
        for (_, said) in differences.iter().take(NAMED) {
            error = error.note(said);
        }
        if differences.len() > NAMED {
            error = error.note(format!("… and {} more", differences.len() - NAMED));
        }
        error.emit();
    }
}

/// The lines that differ: where they stand, if they do, and what differs.
fn differences(section: &Section, figures: &BaselineFigures) -> Vec<(Option<Range<usize>>, String)> {
    let was: BTreeMap<&str, (&str, &Range<usize>)> =
        section.lines.iter().map(|(name, value, place)| (name.as_str(), (value.as_str(), place))).collect();
    let now: BTreeMap<&str, &str> =
        figures.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut found = Vec::new();
    for (name, value) in figures {
        match was.get(name.as_str()) {
            None => found.push((None, format!("`{name}` is new: {value}"))),
            Some((before, place)) if before != value => {
                found.push((Some((*place).clone()), format!("`{name}` was {before}, is {value}")));
            }
            Some(_) => {}
        }
    }
    for (name, value, place) in &section.lines {
        if !now.contains_key(name.as_str()) {
            found.push((Some(place.clone()), format!("`{name}` is gone: {value}")));
        }
    }
    // The order of the layers is a fact, too.
    let order = section.lines.iter().map(|(name, _, _)| name).ne(figures.iter().map(|(name, _)| name));
    if found.is_empty() && order {
        found.push((Some(section.place.clone()), "the layers are in another order".to_owned()));
    }
    found
}

/// The text of a baseline.
pub fn write(networks: &BTreeMap<String, BaselineFigures>) -> String {
    let mut text = format!("{HEAD} {COST_MODEL}. Written by `cnnc check --baseline FILE --update`.\n");
    for (key, lines) in networks {
        let _ = write!(text, "\n{key}\n");
        for (name, value) in lines {
            let _ = writeln!(text, "  {name}: {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BTreeMap<String, BaselineFigures> {
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let lines =
            vec![line("params", "10"), line("out", "8x8x2"), line("layer a.0", "conv 8x8x2 params 10")];
        BTreeMap::from([("b.cnn#net".to_owned(), lines), ("a.cnn#net".to_owned(), vec![line("params", "1")])])
    }

    fn said(now: &BaselineFigures) -> Vec<String> {
        let text = write(&sample());
        let baseline = Baseline::parse(&text).unwrap();
        let mut map = crate::base::SourceMap::default();
        let file = map.add("base.txt", text);
        let mut sink = Sink::default();
        let span = |range: Range<usize>| Span::new(file, range.start, range.end);
        baseline.check("b.cnn#net", now, Span::new(file, 0, 0), span, &mut sink);
        let found = sink.into_sorted();
        let labels = |one: &crate::diag::Diagnostic| {
            one.labels.iter().map(|label| map.snippet(label.span).to_owned()).collect::<Vec<_>>()
        };
        found.iter().flat_map(|one| [one.notes.clone(), labels(one)].concat()).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = write(&sample());
        assert_eq!(Baseline::parse(&text).unwrap().into_figures(), sample());
        assert!(text.find("a.cnn#net").unwrap() < text.find("b.cnn#net").unwrap());
        assert!(Baseline::parse("params: 3").is_err());
        assert_eq!(Baseline::parse(&format!("{text}  wrong\n")).unwrap_err().0, 10);
    }

    #[test]
    fn differences_are_named() {
        let mut now = sample()["b.cnn#net"].clone();
        assert_eq!(said(&now), Vec::<String>::new());
        now[0].1 = "12".to_owned();
        assert_eq!(said(&now), ["`params` was 10, is 12", "  params: 10"]);
        now[0].1 = "10".to_owned();
        now[2].0 = "layer a.1".to_owned();
        assert_eq!(
            said(&now)[..2],
            ["`layer a.1` is new: conv 8x8x2 params 10", "`layer a.0` is gone: conv 8x8x2 params 10"]
        );
    }
}
