//! A summary in Markdown, for `$GITHUB_STEP_SUMMARY` and the like.

use crate::base::safe;

use super::{FileFindings, by_severity, verdict};

/// The bytes that a summary may have; GitHub takes 1 MiB of a step.
const MOST_BYTES: usize = 1_000_000;

/// A verdict, and a table of the findings, errors first, cut before GitHub's limit.
pub fn markdown(files: &[FileFindings]) -> String {
    let networks: usize = files.iter().map(|file| file.networks.len()).sum();
    let counted = |count: usize, word| crate::base::counted(count as u64, word);
    let mut text = format!(
        "### cnnc check: {}\n\n{} in {}\n",
        verdict(files),
        counted(networks, "network"),
        counted(files.iter().filter(|file| file.file.ends_with(".cnn")).count(), "file")
    );
    let all = by_severity(files);
    if all.is_empty() {
        return text;
    }
    text.push_str("\n| | where | what |\n| --- | --- | --- |\n");
    for (index, finding) in all.iter().enumerate() {
        let place = &finding.place;
        let details = finding.notes.iter().map(|note| format!("<br>{}", cell(note)));
        let line = format!(
            "| {} {} | {} | {}{} |\n",
            finding.severity,
            finding.code,
            safe::markdown_code(&format!("{}:{}", place.file, place.line)),
            cell(&finding.message),
            details.collect::<String>()
        );
        if text.len() + line.len() > MOST_BYTES {
            text.push_str(&format!("\n… and {} more\n", all.len() - index));
            break;
        }
        text.push_str(&line);
    }
    text
}

/// A message within a cell: what it quotes between backticks stays code, and the rest is text.
fn cell(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return safe::markdown(text);
    }
    let part = |(index, part): (usize, &&str)| {
        if index % 2 == 0 { safe::markdown(part) } else { safe::markdown_code(part) }
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn each_finding_is_a_row_and_errors_come_first() {
        let text = markdown(&sample(1, 1));
        assert!(text.starts_with("### cnnc check: 1 error, 1 warning\n\n1 network in 1 file\n"), "{text}");
        let rows: Vec<&str> = text.lines().skip(6).collect();
        assert!(rows[0].starts_with("| error E0404 | `nets/a b.cnn:1` |"), "{text}");
        assert!(rows[0].contains("`conv1` &lt;1>"), "{text}");
        assert!(rows[1].starts_with("| warning W0201 |"), "{text}");
    }

    #[test]
    fn a_long_summary_is_cut() {
        let mut files = sample(900, 0);
        files[0].findings.iter_mut().for_each(|finding| finding.message = "x".repeat(2000));
        let text = markdown(&files);
        assert!(text.len() < 1 << 20);
        assert!(text.trim_end().ends_with("more"));
    }
}
