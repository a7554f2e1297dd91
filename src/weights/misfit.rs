//! Collects why a file does not fit a network, and reports all of it as one failure. Where names differ by a prefix or
//! a scope only, the failure says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::did_you_mean;
use crate::diag::{Code, Failure};

use super::shape_rule::dims;

/// The number of lines that are shown for one kind of misfit.
const MOST_SHOWN: usize = 20;
/// The number of unexpected names that are compared with a missing one. A comparison is slow; with more names the
/// common prefix or scope says more than similar names.
const MOST_COMPARED: usize = 500;

/// A file whose tensors are not those of a network, and what might help.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// The failure that describes the misfit.
    pub failure: Box<Failure>,
    /// A prefix that many names of the file have in front of those of the network.
    pub prefix: Option<String>,
    /// Whether tensors are missing, and nothing else is wrong.
    pub only_missing: bool,
    /// Whether there are tensors that the network does not want, and nothing else is wrong.
    pub only_unexpected: bool,
    /// The extents of misshapen tensors that the network and the file have differently, each pair once.
    pub extents: BTreeSet<(u64, u64)>,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for Misfit {}

impl From<Failure> for Misfit {
    fn from(failure: Failure) -> Misfit {
        Misfit {
            failure: Box::new(failure),
            prefix: None,
            only_missing: false,
            only_unexpected: false,
            extents: BTreeSet::new(),
        }
    }
}

/// The misfits of a file, as they are found.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    /// Keys of parameters that the file does not have.
    pub missing: Vec<String>,
    /// Names of tensors that no parameter takes.
    pub unexpected: Vec<String>,
    /// Names of tensors that are biases of operators in front of a `bn`, which have none in the network.
    pub dropped_biases: Vec<String>,
    misshapen: Vec<String>,
    /// The extents of misshapen tensors that network and file have differently.
    extents: BTreeSet<(u64, u64)>,
    /// Parameters that the file has under two names, a line each.
    pub twice: Vec<String>,
    /// Tensors of types that are not supported, a line each.
    pub types: Vec<String>,
}

impl Misfits {
    pub(super) fn misshapen(&mut self, key: &str, declared: &[u64], found: &[usize], hint: Option<&str>) {
        let mut line = format!("misshapen: `{key}` must be {}, the file has {}", dims(declared), dims(found));
        if let Some(hint) = hint {
            line.push_str(": it ");
            line.push_str(hint);
        }
        self.misshapen.push(line);
        if declared.len() == found.len() {
            let pairs = declared.iter().zip(found).map(|(&declared, &found)| (declared, found as u64));
            self.extents.extend(pairs.filter(|(declared, found)| declared != found));
        }
    }

    /// The warning about parameters that a seed fills.
    pub(super) fn filled(&self, file: &str) -> String {
        format!("`{file}` lacks {}, which are filled: {}", tensors(&self.missing), first(&self.missing))
    }

    /// The note about tensors that nothing reads.
    pub(super) fn ignored(&self, file: &str) -> String {
        let count = tensors(&self.unexpected);
        format!("`{file}` has {count} that the network does not read: {}", first(&self.unexpected))
    }

    /// Nothing where the file fits.
    pub(super) fn result(self, network: &str, file: &str) -> Result<(), Misfit> {
        if let Some(line) = self.types.first() {
            let headline = format!("`{file}` has tensors of a type that is not supported");
            return Err(Failure::new(Code::E0603, headline)
                .note(line.clone())
                .help("save them as F32, F16, BF16 or F64")
                .into());
        }
        let fits = [&self.missing, &self.unexpected, &self.misshapen, &self.twice];
        if fits.iter().all(|lines| lines.is_empty()) {
            return Ok(());
        }
        Err(self.misfit(format!("`{file}` does not fit the network `{network}`")))
    }

    /// All misfits as one.
    pub(super) fn misfit(self, headline: String) -> Misfit {
        let nothing_else = self.misshapen.is_empty() && self.twice.is_empty();
        let mut failure = Failure::new(Code::E0601, headline).note(format!(
            "{} missing, {} unexpected, {} misshapen",
            self.missing.len(),
            self.unexpected.len(),
            self.misshapen.len()
        ));
        let compared = || self.unexpected.iter().map(String::as_str).take(MOST_COMPARED);
        let missing = self.missing.iter().take(MOST_SHOWN);
        let missing = missing.map(|key| match did_you_mean(key, compared()) {
            Some(near) => format!("missing: `{key}` (the file has `{near}`)"),
            None => format!("missing: `{key}`"),
        });
        let unexpected = self.unexpected.iter().take(MOST_SHOWN).map(|name| format!("unexpected: `{name}`"));
        let misshapen = self.misshapen.iter().take(MOST_SHOWN).cloned();
        let twice = self.twice.iter().take(MOST_SHOWN).cloned();
        let kinds: [(usize, Vec<String>); 4] = [
            (self.missing.len(), missing.collect()),
            (self.unexpected.len(), unexpected.collect()),
            (self.misshapen.len(), misshapen.collect()),
            (self.twice.len(), twice.collect()),
        ];
        for (count, lines) in kinds {
            let more = count - lines.len();
            failure = lines.into_iter().fold(failure, Failure::note);
            if more > 0 {
                failure = failure.note(format!("… and {more} more"));
            }
        }
        if let Some(bias) = self.dropped_biases.first() {
            let note = match self.dropped_biases.len() {
                1 => format!("`{bias}` is the bias of an operator before `bn`, which takes it away"),
                count => format!(
                    "`{bias}` and {} more are the biases of operators before `bn`, which takes them away",
                    count - 1
                ),
            };
            failure = failure.note(note).help("`bias` keeps it, as in `conv 3x3x64 bias bn`");
        }
        let common = Common::find(&self.missing, &self.unexpected);
        let (failure, prefix) = match common {
            Some(Common::Prefix(prefix)) => {
                (failure.note(format!("names of the file begin with `{prefix}`")), Some(prefix))
            }
            Some(Common::Scope(scope)) => {
                let name = scope.trim_end_matches('.');
                let failure = failure
                    .note(format!(
                        "names of the network have the scope `{scope}`, those of the file have not"
                    ))
                    .note(format!("a scope comes from `as {name}` or from the call of a block"))
                    .help("name the operators themselves, as in `conv 1x1x4 as NAME`, outside of the scope");
                (failure, None)
            }
            None if !self.missing.is_empty() && !self.unexpected.is_empty() => {
                (failure.help("`as` gives rows the names of a file"), None)
            }
            None => (failure, None),
        };
        Misfit {
            failure: Box::new(failure),
            prefix,
            only_missing: nothing_else && self.unexpected.is_empty(),
            only_unexpected: nothing_else && self.missing.is_empty(),
            extents: self.extents,
        }
    }
}

/// The common difference between the names of a file and those of a network.
#[derive(Debug, PartialEq, Eq)]
enum Common {
    /// The file's names have this in front of the network's.
    Prefix(String),
    /// The network's names have this in front of the file's.
    Scope(String),
}

impl Common {
    /// The prefix or scope that explains most of the missing keys, if it explains at least half of them.
    fn find(missing: &[String], unexpected: &[String]) -> Option<Common> {
        let is_enough = |count: usize| 2 * count >= missing.len().min(unexpected.len()).max(1);
        if let Some((front, count)) = most_common_front(unexpected, missing)
            && is_enough(count)
        {
            return Some(Common::Prefix(front));
        }
        let (front, count) = most_common_front(missing, unexpected)?;
        is_enough(count).then_some(Common::Scope(front))
    }
}

/// The text that most often stands before a name of `short` in the names of `long`, with its dot, and the number of
/// such names.
fn most_common_front(long: &[String], short: &[String]) -> Option<(String, usize)> {
    let short: BTreeSet<&str> = short.iter().map(String::as_str).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in long {
        for (dot, _) in name.match_indices('.') {
            let (front, back) = name.split_at(dot + 1);
            if short.contains(back) {
                *counts.entry(front).or_default() += 1;
            }
        }
    }
    let (front, count) =
        counts.into_iter().max_by_key(|&(front, count)| (count, std::cmp::Reverse(front)))?;
    Some((front.to_owned(), count))
}

fn tensors(names: &[String]) -> String {
    if names.len() == 1 { "1 tensor".to_owned() } else { format!("{} tensors", names.len()) }
}

/// The first names of a list.
fn first(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let rest = if names.len() > 3 { ", …" } else { "" };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_common_prefix_and_a_common_scope_are_found() {
        let plain = names("conv1.weight conv1.bias fc.weight");
        let wrapped = names("module.conv1.weight module.conv1.bias module.fc.weight step");
        assert_eq!(Common::find(&plain, &wrapped), Some(Common::Prefix("module.".to_owned())));
        assert_eq!(Common::find(&wrapped[..3], &plain), Some(Common::Scope("module.".to_owned())));
        assert_eq!(Common::find(&plain, &names("a.weight b.weight")), None);
    }

    #[test]
    fn a_misfit_says_which_prefix_would_help() {
        let misfits = Misfits {
            missing: names("conv1.weight"),
            unexpected: names("model.conv1.weight"),
            ..Misfits::default()
        };
        let misfit = misfits.result("net", "w").unwrap_err();
        assert_eq!(misfit.prefix.as_deref(), Some("model."));
        assert!(!misfit.only_missing && !misfit.only_unexpected);
    }

    #[test]
    fn many_names_are_counted_and_few_are_listed() {
        let missing: Vec<String> = (0..50_000).map(|index| format!("layer{index}.weight")).collect();
        let unexpected: Vec<String> = (0..200_000).map(|index| format!("other{index}.kernel")).collect();
        let failure =
            Misfits { missing, unexpected, ..Misfits::default() }.result("net", "w").unwrap_err().failure;
        assert_eq!(failure.notes[0], "50000 missing, 200000 unexpected, 0 misshapen");
        assert_eq!(failure.notes.len(), 1 + 2 * (MOST_SHOWN + 1));
        assert_eq!(failure.notes[1 + MOST_SHOWN], "… and 49980 more");
    }
}
