//! Generated programs against the figures of a second implementation of the language, `tests/corpus/generated.txt`.

use cnnc::diag::Severity;
use cnnc::driver::{Options, Session};
use cnnc::report::{Report, ReportSettings};

const CORPUS: &str = include_str!("../corpus/generated.txt");

/// What stands behind `-- ok` or `-- CODE`: the program, the totals and the rows.
struct Case<'a> {
    expected: &'a str,
    program: &'a str,
    figures: &'a str,
}

fn cases() -> Vec<Case<'static>> {
    let mut cases = Vec::new();
    for block in CORPUS.split("\n-- ").skip(1) {
        let (first, rest) = block.split_once('\n').unwrap();
        match first.strip_prefix("totals ") {
            Some(_) => {
                cases.last_mut().map_or_else(|| panic!("{first}"), |case: &mut Case<'_>| case.figures = block)
            }
            None => cases.push(Case { expected: first, program: rest, figures: "" }),
        }
    }
    cases
}

/// The totals and rows of a report in the form of the corpus.
fn figures(report: &Report) -> String {
    let totals = &report.totals;
    let sums = &totals.sums;
    let mut text = format!(
        "totals {} {} {} {} {} {} {} {} {} {}",
        sums.params,
        sums.frozen,
        sums.state,
        sums.macs,
        sums.macs_useful,
        sums.flops.total(),
        sums.weight_bytes,
        sums.activation_bytes,
        totals.depth,
        totals.peak_memory.lower_bound,
    );
    for layer in &report.layers {
        let shape = layer.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
        let one = &layer.counts;
        text += &format!(
            "\n{} {} {shape} {} {} {} {} {} {}",
            layer.name,
            layer.op,
            one.params,
            one.frozen,
            one.state,
            one.macs,
            one.macs_useful,
            one.flops.total(),
        );
    }
    text
}

#[test]
fn generated_programs_have_the_figures_of_a_second_implementation() {
    let cases = cases();
    assert!(cases.len() > 150 && cases.iter().any(|case| case.expected != "ok"));
    for Case { expected, program, figures: wanted } in cases {
        let session = Session::load(&(), "test.cnn", program.as_bytes().to_vec(), "test");
        if expected == "ok" {
            let outcome = session.compile(&Options::default()).unwrap();
            let checked = outcome.checked.unwrap_or_else(|| panic!("{program}\n{:#?}", outcome.diagnostics));
            let report = Report::of(&checked, session.sources(), ReportSettings::default());
            assert_eq!(figures(&report), wanted.trim_end(), "{program}");
        } else {
            let outcome = session.check(&Options::default()).unwrap();
            let errors = outcome.diagnostics.iter().filter(|one| one.severity == Severity::Error);
            let codes: Vec<String> = errors.map(|one| one.code.to_string()).collect();
            assert!(codes.iter().any(|code| code == expected), "{program}\n{codes:?} instead of {expected}");
        }
    }
}
