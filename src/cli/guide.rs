//! `cnnc guide`: the guide to the language, from the binary.

use crate::diag::{Code, Failure};

use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Topics are the headings of the guide, in a word or more. `cnnc ops` is the reference of the operators, `cnnc explain` that of the diagnostics.\n\nExamples:\n  cnnc guide\n  cnnc guide branches"
)]
pub(super) struct Arguments {
    /// A heading of the guide, or `topics` for their list; the whole guide where none is given
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
}

const GUIDE: &str = include_str!("../../docs/language/guide.md");

/// A part of the guide: its heading, and its text with the heading.
struct Section {
    heading: &'static str,
    text: &'static str,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let Some(topic) = &arguments.topic else { return output::print(GUIDE) };
    let sections = sections();
    let list = || sections.iter().map(|section| section.heading).collect::<Vec<_>>().join("\n") + "\n";
    if topic == "topics" {
        return output::print(&list());
    }
    let wanted = topic.to_lowercase();
    match sections.iter().find(|section| section.heading.to_lowercase().contains(&wanted)) {
        Some(section) => output::print(section.text),
        None => {
            let failure = Failure::new(Code::E0113, format!("the guide has no topic `{topic}`"));
            let words = sections.iter().flat_map(|section| section.heading.split(' '));
            let failure = words::suggest(failure, topic, words);
            Err(CliError::Usage(failure.help("`cnnc guide topics` lists them")))
        }
    }
}

/// The parts below headings of the second level.
fn sections() -> Vec<Section> {
    let mut starts: Vec<usize> = GUIDE.match_indices("\n## ").map(|(at, _)| at + 1).collect();
    starts.push(GUIDE.len());
    let section = |ends: &[usize]| {
        let text = &GUIDE[ends[0]..ends[1]];
        let heading = text.lines().next().unwrap_or_default().trim_start_matches("## ");
        Section { heading, text }
    };
    starts.windows(2).map(section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_are_the_whole_guide() {
        let sections = sections();
        assert!(sections.len() >= 5, "{} topics", sections.len());
        assert!(sections.iter().all(|section| !section.heading.is_empty()));
        let text: String = sections.iter().map(|section| section.text).collect();
        assert!(GUIDE.ends_with(&text));
    }
}
