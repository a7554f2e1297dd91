//! Compares a network with budgets: limits that are not in its source, but in the project file or on the
//! command line. `expect` is their counterpart in the source.
//!
//! A budget for a part that the network lacks is an error, because a limit that limits nothing would go unnoticed.

use std::cmp::Ordering;

use crate::base::{Span, did_you_mean, grouped, meant, quantity};
use crate::diag::{Code, Sink};
use crate::ir::NodeId;

use super::comparison::{compare, contributors, decimal};
use super::{Checked, Dtype, Metric, Unit, parts};

/// An upper limit for a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The part of the network, by path; `None` is the network.
    pub part: Option<String>,
    /// The metric, which is a number.
    pub metric: Metric,
    /// The limit as an exact fraction.
    pub limit: (i128, u128),
    /// The limit as it was written.
    pub written: String,
    /// The place of the budget, if it stands in a file.
    pub span: Option<Span>,
}

/// Why a budget cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetMistake {
    /// One line: what is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Budget {
    /// Reads `params` or `layer3.params`, and `5M`.
    ///
    /// # Errors
    ///
    /// An unknown metric, one that is no number or that no part has, or a limit that is no number.
    pub fn parse(name: &str, limit: &str) -> Result<Budget, BudgetMistake> {
        let (part, word) = match name.rsplit_once('.') {
            Some((part, word)) => (Some(part.to_owned()), word),
            None => (None, name),
        };
        let fits = |metric: &Metric| metric.unit() != Unit::Shape && (part.is_none() || metric.of_parts());
        let known: Vec<&str> = Metric::ALL.into_iter().filter(fits).map(Metric::name).collect();
        let Some(metric) = Metric::parse(word).filter(fits) else {
            let of = if part.is_some() { "of parts " } else { "" };
            let help = did_you_mean(word, known.iter().copied()).map(meant);
            let help = help.unwrap_or_else(|| format!("the metrics {of}are {}", known.join(", ")));
            return Err(BudgetMistake {
                message: format!("there is no metric `{word}` {of}for a budget"),
                help: Some(help),
            });
        };
        let number = quantity::parse(limit).ok_or_else(|| BudgetMistake {
            message: format!("`{limit}` is no limit"),
            help: Some("write a number, perhaps with K, M, G, T, KiB, MiB or GiB: `5M`".to_owned()),
        })?;
        Ok(Budget { part, metric, limit: number, written: limit.trim().to_owned(), span: None })
    }

    /// `layer3.params`
    pub fn name(&self) -> String {
        match &self.part {
            Some(part) => format!("{part}.{}", self.metric.name()),
            None => self.metric.name().to_owned(),
        }
    }
}

/// Reports every budget that is broken, at `place`, where the network is named.
pub fn check(checked: &Checked, budgets: &[Budget], place: Span, sink: &mut Sink) {
    for budget in budgets {
        check_one(checked, budget, place, sink);
    }
}

/// The figure of a network that a budget limits; `None` if the network has no such figure or no such part.
pub fn used(checked: &Checked, budget: &Budget) -> Option<u128> {
    measure(checked, budget).ok()?.1
}

/// The rows that a budget is for, and their figure. The error is a part that the network lacks.
fn measure<'b>(checked: &Checked, budget: &'b Budget) -> Result<(Vec<NodeId>, Option<u128>), &'b str> {
    let Some(part) = &budget.part else {
        return Ok((checked.run_layers(), budget.metric.of_network(checked)));
    };
    let rows = parts::rows(checked.graph(), part).ok_or(part.as_str())?;
    let actual = budget.metric.of_totals(&checked.sum(&rows), Dtype::F32);
    Ok((rows, actual))
}

fn check_one(checked: &Checked, budget: &Budget, place: Span, sink: &mut Sink) {
    let (rows, actual) = match measure(checked, budget) {
        Ok((rows, Some(actual))) => (rows, actual),
        Ok((_, None)) => return,
        Err(part) => {
            let name = checked.graph().name();
            let message = format!("`{name}` has no part `{part}`, for which there is a budget");
            let error = sink.error(Code::E0113, place, message).metric(budget.metric.name()).layer(part);
            let error = match budget.span {
                Some(span) => error.label(span, "the budget"),
                None => error,
            };
            match parts::suggestion(checked.graph(), part) {
                Some(near) => error.help(meant(near)).emit(),
                None => error.help("the report of the network lists the names of all rows").emit(),
            };
            return;
        }
    };
    let (number, divisor) = budget.limit;
    if compare(actual, number, divisor) != Ordering::Greater {
        return;
    }
    let name = budget.name();
    let limit = decimal(number, divisor);
    let unit = if budget.metric.unit() == Unit::Bytes { " bytes" } else { "" };
    let error = sink
        .error(Code::E0404, place, format!("`{name}` is {}, over its budget of {limit}", grouped(actual)))
        .here(format!("the budget of `{}` is {limit}{unit}", checked.graph().name()))
        .metric(budget.metric.name())
        .note(excess(actual, number, divisor, unit));
    let error = match budget.span {
        Some(span) => error.label(span, "the budget"),
        None => error,
    };
    let error = match &budget.part {
        Some(part) => error.layer(part),
        None => error,
    };
    contributors(error, checked, budget.metric, &rows, actual).emit();
}

/// `400 000 more than the budget allows (8.0 %)`
fn excess(actual: u128, number: i128, divisor: u128, unit: &str) -> String {
    let limit = number.unsigned_abs() as f64 / divisor.max(1) as f64;
    let more = actual.saturating_sub(number.unsigned_abs() / divisor.max(1));
    let share = if limit > 0.0 {
        let tenths = ((actual as f64 / limit - 1.0) * 1000.0 + 0.5).floor() / 10.0;
        format!(" ({tenths:.1} %)")
    } else {
        String::new()
    };
    format!("that is {}{unit} more than the budget allows{share}", grouped(more))
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv, span};
    use super::*;
    use crate::diag::Diagnostic;

    fn broken(budgets: &[(&str, &str)]) -> Vec<Diagnostic> {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let last = net.conv(relu, conv(3, 1, 1, 2));
        let budgets: Vec<Budget> =
            budgets.iter().map(|(name, limit)| Budget::parse(name, limit).unwrap()).collect();
        let mut sink = Sink::default();
        check(&Checked::new(net.finish(last)), &budgets, span(50), &mut sink);
        sink.into_sorted()
    }

    #[test]
    fn a_kept_budget_is_silent() {
        assert_eq!(broken(&[("params", "186"), ("conv1.params", "0.2K"), ("peak_memory", "2KiB")]), []);
    }

    #[test]
    fn a_broken_budget_has_the_number_the_limit_the_excess_and_the_largest_rows() {
        let found = broken(&[("params", "0.1K"), ("macs", "1"), ("conv1.params", "100")]);
        assert_eq!(found.len(), 3, "each metric is reported");
        assert!(found.iter().all(|one| one.code == Code::E0404 && one.primary.span == span(50)));
        assert_eq!(found[0].message, "`params` is 186, over its budget of 100");
        assert_eq!(found[0].notes[0], "that is 86 more than the budget allows (86.0 %)");
        assert_eq!(found[0].notes[1], "most comes from `conv1` 112 (60.2 %), `conv3` 74 (39.8 %)");
        assert_eq!(found[2].subject.layer.as_deref(), Some("conv1"));
    }

    #[test]
    fn a_budget_of_a_missing_part_is_an_error() {
        let found = broken(&[("conv9.params", "1")]);
        assert_eq!(found[0].code, Code::E0113);
        assert_eq!(found[0].helps[0].text, "did you mean `conv1`?");
    }

    #[test]
    fn slips_in_budgets_are_explained() {
        let mistake = |name, limit| Budget::parse(name, limit).unwrap_err();
        assert_eq!(mistake("parms", "5M").help.as_deref(), Some("did you mean `params`?"));
        assert_eq!(mistake("params", "5X").message, "`5X` is no limit");
        assert!(Budget::parse("out", "5").is_err());
        assert!(Budget::parse("conv1.depth", "5").is_err());
    }
}
