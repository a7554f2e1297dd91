//! The messages of the command line about options that do not fit a file, and about unknown words.

use crate::base::{did_you_mean, meant};
use crate::diag::{Code, Failure};
use crate::driver::OptionsError;

use super::CliError;

/// The number of networks that a message lists.
const MOST_LISTED: usize = 20;

/// Turns an error of the options into a usage failure.
pub(super) fn stop(error: OptionsError) -> CliError {
    let message = error.to_string();
    CliError::Usage(match error {
        OptionsError::NoNetwork => {
            Failure::new(Code::E0114, message).help("add a `network name { … }`, or bare statements")
        }
        OptionsError::UnknownNetwork { near, names, .. } => {
            let failure = Failure::new(Code::E0106, message).note(format!(
                "the networks are {}",
                listed(names.iter().map(|name| format!("`{name}`")), ", ")
            ));
            with_suggestion(failure, near)
        }
        OptionsError::MissingArguments { missing, .. } => Failure::new(Code::E0114, message)
            .help(format!("give them with `--set {}=…`", missing.join("=… --set "))),
        OptionsError::AllNeedArguments(needs) => {
            let needs = needs.iter().map(|(name, needs)| format!("`{name}` needs {}", needs.join(", ")));
            Failure::new(Code::E0114, message)
                .note(listed(needs, "; "))
                .help("give them with `--network NAME --set parameter=value`")
        }
        OptionsError::SeveralNetworks(names) => Failure::new(Code::E0114, message)
            .note(format!("they are {}", listed(names.iter().map(|name| format!("`{name}`")), ", ")))
            .help("choose one with `--network NAME`"),
        OptionsError::UnknownSetting { near, .. } => {
            let failure = Failure::new(Code::E0115, message)
                .note("`--set` reaches the parameters of the chosen network and the constants of the files");
            with_suggestion(failure, near)
        }
    })
}

/// Adds the nearest known word to a failure.
pub(super) fn suggest<'a>(failure: Failure, word: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    with_suggestion(failure, did_you_mean(word, known).map(str::to_owned))
}

/// Adds a near word to a failure.
pub(super) fn with_suggestion(failure: Failure, near: Option<String>) -> Failure {
    match near {
        Some(near) => failure.help(meant(&near)),
        None => failure,
    }
}

/// The first entries of a list, and the number of the others.
fn listed(all: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let more = all.len().saturating_sub(MOST_LISTED);
    let more = (more > 0).then(|| format!("… and {more} more"));
    all.take(MOST_LISTED).chain(more).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_networks_are_cut() {
        let names = (0..1000).map(|index| format!("n{index}")).collect();
        let CliError::Usage(failure) = stop(OptionsError::SeveralNetworks(names)) else {
            panic!("a wrong usage")
        };
        assert_eq!(failure.notes.len(), 1);
        assert!(failure.notes[0].ends_with("`n19`, … and 980 more"), "{}", failure.notes[0]);
    }
}
