//! Compares the figures of a network with the `expect` statements of its source.
//!
//! Comparisons are exact, on integers and fractions. A broken expectation is reported at its line, with both
//! numbers, the difference, and what contributes most.

use std::cmp::Ordering;

use crate::diag::{Builder, Code, Sink};
use crate::ir::{Comparison, Expectation, NodeId, Target};
use crate::tensor::Shape;

use super::comparison::{compare, contributors, decimal};
use super::{Checked, Dtype, Metric, Unit, dropped_biases, parts};
use crate::base::{grouped, meant, percent};

/// Reports every expectation that does not hold, or that names a metric or part which does not exist.
pub fn check(checked: &Checked, sink: &mut Sink) {
    for expectation in checked.graph().expectations() {
        check_one(checked, expectation, sink);
    }
}

fn check_one(checked: &Checked, expectation: &Expectation, sink: &mut Sink) {
    let Some(metric) = Metric::parse(&expectation.metric) else {
        unknown_metric(expectation, sink);
        return;
    };
    let rows = match &expectation.part {
        None => checked.run_layers(),
        Some(part) => match parts::rows(checked.graph(), part) {
            Some(rows) => rows,
            None => {
                unknown_part(checked, expectation, part, sink);
                return;
            }
        },
    };
    if expectation.part.is_some() && !metric.of_parts() {
        only_of_networks(metric, expectation, sink);
        return;
    }
    match (&expectation.target, metric) {
        (Target::Shape(dims), Metric::Out) => check_shape(checked, expectation, dims, sink),
        (Target::Number { number, divisor: 1 }, Metric::Out) if *number > 0 => {
            let dim = u64::try_from(*number).unwrap_or(u64::MAX);
            check_shape(checked, expectation, &[Some(dim)], sink);
        }
        (&Target::Number { number, divisor }, metric) if metric != Metric::Out => {
            let actual = match &expectation.part {
                None => metric.of_network(checked),
                Some(_) => metric.of_totals(&checked.sum(&rows), Dtype::F32),
            };
            if let Some(actual) = actual {
                check_number(checked, expectation, metric, &rows, actual, (number, divisor), sink);
            }
        }
        _ => wrong_target(metric, expectation, sink),
    }
}

fn named(expectation: &Expectation) -> String {
    match &expectation.part {
        Some(part) => format!("{part}.{}", expectation.metric),
        None => expectation.metric.clone(),
    }
}

fn unknown_metric(expectation: &Expectation, sink: &mut Sink) {
    let word = &expectation.metric;
    let known = Metric::ALL.into_iter().filter(|metric| expectation.part.is_none() || metric.of_parts());
    let known: Vec<&str> = known.map(Metric::name).collect();
    let error = sink
        .error(Code::E0402, expectation.metric_span, format!("there is no metric `{word}`"))
        .here("not a metric");
    let error = match Metric::suggestion(word) {
        Some(near) => error.fix(meant(near), expectation.metric_span, near),
        None => error,
    };
    error.note(format!("the metrics are {}", known.join(", "))).emit();
}

fn unknown_part(checked: &Checked, expectation: &Expectation, part: &str, sink: &mut Sink) {
    let message = format!("there is no part `{part}` in this network");
    let error = sink
        .error(Code::E0113, expectation.metric_span, message)
        .here("no row has this path or begins with it");
    let error = match parts::suggestion(checked.graph(), part) {
        Some(near) => error.help(meant(near)),
        None => error.help("the report of the network lists the names of all rows"),
    };
    error.emit();
}

fn only_of_networks(metric: Metric, expectation: &Expectation, sink: &mut Sink) {
    let name = metric.name();
    let of_parts: Vec<&str> =
        Metric::ALL.into_iter().filter(|metric| metric.of_parts()).map(Metric::name).collect();
    sink.error(Code::E0403, expectation.metric_span, format!("`{name}` is a metric of the whole network"))
        .here("asked of a part")
        .note(format!("a part has {}", of_parts.join(", ")))
        .help(format!("`expect {name} …` asks it of the network"))
        .emit();
}

fn wrong_target(metric: Metric, expectation: &Expectation, sink: &mut Sink) {
    let name = named(expectation);
    let (message, here) = if metric == Metric::Out {
        (format!("`{name}` is a shape, not a number"), "a shape is needed, such as 7x7x512 or 1000")
    } else {
        (format!("`{name}` is a number, not a shape"), "a number is needed")
    };
    sink.error(Code::E0403, expectation.target_span, message).here(here).emit();
}

fn check_shape(checked: &Checked, expectation: &Expectation, dims: &[Option<u64>], sink: &mut Sink) {
    if expectation.comparison != Comparison::Equal {
        let message = format!("`{}` is a shape, which has no order", named(expectation));
        sink.error(Code::E0403, expectation.target_span, message)
            .here("shapes are compared with `==` only")
            .help("`==`, with `?` for a dimension that may be anything")
            .emit();
        return;
    }
    let value = match &expectation.part {
        None => checked.out(),
        Some(part) => checked.graph().value(part).or_else(|| last_row(checked, part)),
    };
    let Some(value) = value else { return };
    let shape = checked.graph().node(value).shape;
    if fits(shape, dims) {
        return;
    }
    let expected = dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string()));
    let expected = expected.collect::<Vec<_>>().join("x");
    let node = checked.graph().node(value);
    let error = sink
        .error(Code::E0401, expectation.span, format!("`{}` is {shape}, not {expected}", named(expectation)))
        .here(format!("expects {expected}"))
        .label(node.span, format!("this value is {shape}"));
    let error = if shape.is_map() != (dims.len() == 3) {
        error.note("a map is HxWxC; only `flatten` makes a vector of it")
    } else {
        error
    };
    about(error, expectation).emit();
}

/// The value of a part that is not a statement of its own, such as a scope: the value of the part's last row.
fn last_row(checked: &Checked, part: &str) -> Option<NodeId> {
    parts::rows(checked.graph(), part)?.last().copied()
}

fn fits(shape: Shape, dims: &[Option<u64>]) -> bool {
    let actual = shape.dims();
    let same = |(actual, expected): (&u64, &Option<u64>)| expected.is_none_or(|expected| expected == *actual);
    actual.len() == dims.len() && actual.iter().zip(dims).all(same)
}

fn check_number(
    checked: &Checked,
    expectation: &Expectation,
    metric: Metric,
    rows: &[NodeId],
    actual: u128,
    (number, divisor): (i128, u128),
    sink: &mut Sink,
) {
    let order = compare(actual, number, divisor);
    let (holds, relation) = match expectation.comparison {
        Comparison::Equal => (order == Ordering::Equal, ""),
        Comparison::AtMost => (order != Ordering::Greater, "at most "),
        Comparison::AtLeast => (order != Ordering::Less, "at least "),
    };
    if holds {
        return;
    }
    let unit = if metric.unit() == Unit::Bytes { " bytes" } else { "" };
    let expected = decimal(number, divisor);
    let name = named(expectation);
    let error = sink
        .error(
            Code::E0401,
            expectation.span,
            format!("`{name}` is {}, not {relation}{expected}", grouped(actual)),
        )
        .here(format!("expects {relation}{expected}{unit}"))
        .note(difference(actual, number, divisor, unit));
    let missing = u128::try_from(number).ok().filter(|_| divisor == 1 && metric == Metric::Params);
    let missing = missing.and_then(|number| number.checked_sub(actual));
    let error = match missing.and_then(|missing| dropped_biases::explain(checked.graph(), rows, missing)) {
        Some(help) => error.help(help),
        None => error,
    };
    about(contributors(error, checked, metric, rows, actual), expectation).emit();
}

/// Attaches the part and the metric of an expectation to its diagnostic.
fn about<'a>(error: Builder<'a>, expectation: &Expectation) -> Builder<'a> {
    let error = error.metric(&expectation.metric);
    match &expectation.part {
        Some(part) => error.layer(part),
        None => error,
    }
}

fn difference(actual: u128, number: i128, divisor: u128, unit: &str) -> String {
    let whole = number.unsigned_abs() / divisor.max(1);
    let (distance, word) = match (number < 0, actual.cmp(&whole)) {
        (true, _) => (actual.saturating_add(whole), "more"),
        (false, Ordering::Less) => (whole - actual, "less"),
        (false, Ordering::Greater) => (actual - whole, "more"),
        (false, Ordering::Equal) => return "the difference is less than 1".to_owned(),
    };
    let share =
        if number > 0 && whole > 0 { format!(" ({})", percent(distance, whole)) } else { String::new() };
    format!("the difference is {}{unit} {word} than expected{share}", grouped(distance))
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv, span};
    use super::*;
    use crate::diag::Diagnostic;

    fn diagnostics(
        part: Option<&str>,
        metric: &str,
        comparison: Comparison,
        target: Target,
    ) -> Vec<Diagnostic> {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let last = net.conv(relu, conv(3, 1, 1, 2));
        net.builder().expect(Expectation {
            part: part.map(str::to_owned),
            metric: metric.to_owned(),
            metric_span: span(100),
            comparison,
            target,
            target_span: span(101),
            span: span(99),
        });
        let mut sink = Sink::default();
        check(&Checked::new(net.finish(last)), &mut sink);
        sink.into_sorted()
    }

    fn number(number: i128) -> Target {
        Target::Number { number, divisor: 1 }
    }

    #[test]
    fn what_holds_is_silent() {
        assert_eq!(diagnostics(None, "params", Comparison::Equal, number(186)), []);
        assert_eq!(diagnostics(Some("conv1"), "params", Comparison::AtMost, number(112)), []);
        assert_eq!(diagnostics(None, "depth", Comparison::AtLeast, number(2)), []);
        let half = Target::Number { number: 1865, divisor: 10 };
        assert_eq!(diagnostics(None, "params", Comparison::AtMost, half), []);
        let shape = Target::Shape(vec![None, Some(8), Some(2)]);
        assert_eq!(diagnostics(None, "out", Comparison::Equal, shape), []);
    }

    #[test]
    fn a_broken_sum_names_both_numbers_and_the_largest_rows() {
        let found = diagnostics(None, "params", Comparison::AtMost, number(100));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, Code::E0401);
        assert_eq!(found[0].primary.span, span(99));
        assert_eq!(found[0].message, "`params` is 186, not at most 100");
        assert_eq!(found[0].notes[0], "the difference is 86 more than expected (86.0 %)");
        assert_eq!(found[0].notes[1], "most comes from `conv1` 112 (60.2 %), `conv3` 74 (39.8 %)");
    }

    #[test]
    fn a_broken_peak_names_what_is_in_memory() {
        let found = diagnostics(None, "peak_memory", Comparison::AtMost, number(1));
        assert_eq!(found[0].message, "`peak_memory` is 1 792, not at most 1");
        assert!(found[0].notes[1].starts_with("while `conv1` runs, the memory holds `conv1` 1 024"));
    }

    #[test]
    fn a_broken_shape_marks_the_value() {
        let shape = Target::Shape(vec![Some(8), Some(8), Some(3)]);
        let found = diagnostics(None, "out", Comparison::Equal, shape.clone());
        assert_eq!(found[0].message, "`out` is 8x8x2, not 8x8x3");
        assert_eq!(found[0].labels[0].text, "this value is 8x8x2");
        assert_eq!(diagnostics(None, "out", Comparison::AtMost, shape)[0].code, Code::E0403);
        assert_eq!(diagnostics(Some("relu2"), "out", Comparison::Equal, number(400))[0].code, Code::E0401);
    }

    #[test]
    fn what_has_no_meaning_is_said() {
        let code = |part, metric| diagnostics(part, metric, Comparison::Equal, number(1))[0].code;
        assert_eq!(code(None, "parms"), Code::E0402);
        assert_eq!(code(Some("conv9"), "params"), Code::E0113);
        assert_eq!(code(Some("conv1"), "depth"), Code::E0403);
        let shape = Target::Shape(vec![Some(1)]);
        assert_eq!(diagnostics(None, "params", Comparison::Equal, shape)[0].code, Code::E0403);
    }

    #[test]
    fn fractions_are_compared_exactly() {
        assert_eq!(compare(5, 51, 10), Ordering::Less);
        assert_eq!(compare(u128::MAX, i128::MAX, 10), Ordering::Greater);
        assert_eq!(compare(0, -1, 1), Ordering::Greater);
        assert_eq!(decimal(-1234567, 1000), "-1 234.567");
        assert_eq!(decimal(4_100_000_000, 1), "4 100 000 000");
    }
}
