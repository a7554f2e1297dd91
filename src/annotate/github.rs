//! GitHub's workflow commands: `::error file=…,line=…::message` on standard output becomes an annotation.
//!
//! GitHub shows ten errors and ten warnings of a step and drops the rest without a word, so the tenth line
//! says how many there are more.

use crate::base::visible;
use crate::diag::Severity;
use crate::diag::json::DiagnosticView;

use super::{FileFindings, by_severity, long_message};

/// The annotations that GitHub shows of each severity in a step.
const MOST_SHOWN: usize = 10;

/// The findings as workflow commands, errors first.
pub fn github(files: &[FileFindings]) -> String {
    let all = by_severity(files);
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning] {
        let word = severity.word();
        let some: Vec<&DiagnosticView> =
            all.iter().copied().filter(|finding| finding.severity == severity).collect();
        let shown = if some.len() > MOST_SHOWN { MOST_SHOWN - 1 } else { some.len() };
        some[..shown].iter().for_each(|finding| text.push_str(&command(word, finding)));
        if some.len() > shown {
            let more = some.len() - shown;
            text.push_str(&format!("::{word}::{more} more {word}s, see the summary\n"));
        }
    }
    text
}

fn command(word: &str, finding: &DiagnosticView) -> String {
    let place = &finding.place;
    // Columns are only allowed within a line.
    let columns = if place.end_line == place.line {
        format!(",col={},endColumn={}", place.column, place.end_column)
    } else {
        String::new()
    };
    format!(
        "::{word} file={},line={},endLine={}{columns},title={}::{}\n",
        property(&place.file),
        place.line,
        place.end_line,
        property(&finding.code),
        data(&long_message(finding))
    )
}

/// A message: `%` and line ends would end it, and logs show it on a terminal.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, in which `:` and `,` have a meaning, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    /// The word, the properties and the message that GitHub's runner reads from a command.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let rest = line.strip_prefix("::").unwrap();
        let (head, message) = rest.split_once("::").unwrap();
        let (word, properties) = head.split_once(' ').unwrap_or((head, ""));
        let unescape = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            text.replace("%25", "%")
        };
        let pair = |one: &str| {
            let (name, value) = one.split_once('=').unwrap();
            (name.to_owned(), unescape(value))
        };
        let properties = properties.split(',').filter(|one| !one.is_empty()).map(pair).collect();
        (word.to_owned(), properties, unescape(message))
    }

    #[test]
    fn a_command_reads_back() {
        let text = github(&sample(1, 0));
        let (word, properties, message) = read(text.trim_end());
        assert_eq!(word, "error");
        assert_eq!(properties[0], ("file".to_owned(), "nets/a b.cnn".to_owned()));
        assert!(properties.contains(&("line".to_owned(), "1".to_owned())));
        assert!(properties.contains(&("col".to_owned(), "3".to_owned())));
        assert!(message.starts_with("`params` is 0, 100% over:\na, b\nthe budget\n"), "{message}");
    }

    #[test]
    fn ten_of_each_are_shown_and_the_rest_is_counted() {
        let text = github(&sample(15, 10));
        let lines: Vec<&str> = text.lines().collect();
        let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("::error"), count("::warning")), (10, 10));
        assert_eq!(lines[9], "::error::6 more errors, see the summary");
    }
}
