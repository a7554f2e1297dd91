//! Makes a broken text readable for the grammar: brackets get their partners, statements their `;`.
//!
//! Whatever is changed is reported. The grammar's own mistakes are left to the grammar.

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
pub(crate) use separate::separate;
