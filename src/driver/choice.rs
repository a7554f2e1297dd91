//! Chooses the network of a file that the options mean.

use std::collections::BTreeSet;
use std::fmt;

use crate::base::did_you_mean;
use crate::sema::EntryPoint;

use super::{Options, Session};

/// Options that do not fit the file. The caller is wrong, not the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionsError {
    /// The file has no network at all.
    NoNetwork,
    /// There is no network of the wanted name.
    UnknownNetwork {
        /// The wanted name.
        wanted: String,
        /// A name of the file that is near to it.
        near: Option<String>,
        /// All names of the file.
        names: Vec<String>,
    },
    /// The chosen network has parameters without a value.
    MissingArguments {
        /// Its name.
        network: String,
        /// The parameters.
        missing: Vec<String>,
    },
    /// No network is chosen, and each needs arguments: names, and the parameters of each.
    AllNeedArguments(Vec<(String, Vec<String>)>),
    /// No network is chosen, and there are several: their names.
    SeveralNetworks(Vec<String>),
    /// A setting that neither the network nor a constant has.
    UnknownSetting {
        /// Its name.
        name: String,
        /// A name near to it that can be set.
        near: Option<String>,
    },
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::NoNetwork => write!(f, "the file has no network"),
            OptionsError::UnknownNetwork { wanted, .. } => write!(f, "there is no network `{wanted}`"),
            OptionsError::MissingArguments { network, missing } => {
                write!(f, "`{network}` needs values for {}", missing.join(", "))
            }
            OptionsError::AllNeedArguments(_) => write!(f, "every network of the file needs arguments"),
            OptionsError::SeveralNetworks(_) => write!(f, "the file has several networks"),
            OptionsError::UnknownSetting { name, .. } => {
                write!(f, "there is no parameter or constant `{name}`")
            }
        }
    }
}

impl std::error::Error for OptionsError {}

impl Session {
    /// The network that `options` choose, by name: the named one, else the only one that needs no arguments, else
    /// the only one that has all of them. `None` where errors of the source say more than a missing network.
    pub(super) fn choose(&self, options: &Options) -> Result<Option<String>, OptionsError> {
        let entries = self.entries();
        let set: BTreeSet<&str> = options.settings.iter().map(|(name, _)| name.as_str()).collect();
        let missing = |entry: &EntryPoint| {
            let missing = entry.needs.iter().filter(|need| !set.contains(need.as_str()));
            missing.cloned().collect::<Vec<String>>()
        };
        let names = || entries.iter().map(|entry| entry.name.clone()).collect::<Vec<String>>();
        if let Some(wanted) = &options.network {
            let Some(entry) = entries.iter().find(|entry| entry.name == *wanted) else {
                let near = did_you_mean(wanted, entries.iter().map(|entry| entry.name.as_str()));
                let near = near.map(str::to_owned);
                return Err(OptionsError::UnknownNetwork { wanted: wanted.clone(), near, names: names() });
            };
            let missing = missing(entry);
            if missing.is_empty() || self.program.is_broken() {
                return Ok(Some(wanted.clone()));
            }
            return Err(OptionsError::MissingArguments { network: wanted.clone(), missing });
        }
        let mut ready: Vec<&EntryPoint> = entries.iter().filter(|entry| entry.needs.is_empty()).collect();
        if ready.is_empty() {
            ready = entries.iter().filter(|entry| missing(entry).is_empty()).collect();
        }
        match ready.as_slice() {
            [one] => Ok(Some(one.name.clone())),
            _ if self.unreadable || self.program.is_broken() => Ok(None),
            [] if entries.is_empty() => Err(OptionsError::NoNetwork),
            [] => {
                let needs = entries.into_iter().map(|entry| (entry.name, entry.needs));
                Err(OptionsError::AllNeedArguments(needs.collect()))
            }
            _ => Err(OptionsError::SeveralNetworks(names())),
        }
    }
}
