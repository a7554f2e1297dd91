//! Repairs a broken text so that the grammar can read it: adds missing brackets and `;`, and removes needless ones.
//!
//! Every change is reported. Mistakes that the grammar finds itself are not handled here.

mod balance;
mod beginnings;
mod brackets;

mod repair;
mod separate;
mod slips;
mod units;

pub(crate) use balance::{balance, check_depth};
pub(crate) use brackets::FORM_WORDS;
pub(crate) use repair::{Repaired, Repairs};
pub(crate) use separate::{missing_semicolon, separate};
