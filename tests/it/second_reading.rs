//! Programs of the later words of the language against what a second reading makes of them,
//! `tests/interop/second_reading.py`, which wrote `tests/corpus/later_words.txt`.

use cnnc::diag::Severity;
use cnnc::driver::{Options, Session};
use cnnc::report::{Report, ReportSettings};

const CORPUS: &str = include_str!("../corpus/later_words.txt");

/// The rows of a program in the form of the corpus, sorted; `None` where it is wrong.
fn rows(program: &str) -> Option<Vec<String>> {
    let session = Session::load(&(), "case.cnn", program.as_bytes().to_vec(), "case");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked?;
    assert!(outcome.diagnostics.iter().all(|one| one.severity == Severity::Warning));
    let report = Report::of(&checked, session.sources(), ReportSettings::default());
    let rows = report.layers.iter().map(|layer| {
        let shape = layer.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
        let counts = &layer.counts;
        let shares = layer.shares.as_deref().unwrap_or("-");
        format!(
            "{} {} {shape} {} {} {} {shares}",
            layer.name, layer.op, counts.params, counts.state, counts.macs
        )
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    Some(rows)
}

#[test]
fn programs_mean_what_the_second_reading_says() {
    let mut right = 0;
    let mut wrong = 0;
    let mut blocks = CORPUS.split("\n-- ").skip(1);
    while let Some(block) = blocks.next() {
        let (kind, program) = block.split_once('\n').unwrap();
        if kind == "wrong" {
            assert!(rows(program).is_none(), "a mistake was not found in\n{program}");
            wrong += 1;
            continue;
        }
        let figures = blocks.next().and_then(|block| block.strip_prefix("rows\n")).unwrap();
        let mut expected: Vec<String> = figures.lines().map(str::to_owned).collect();
        expected.sort();
        let found = rows(program).unwrap_or_else(|| panic!("refused:\n{program}"));
        assert_eq!(found, expected, "{program}");
        right += 1;
    }
    assert!(right > 100 && wrong > 10, "{right} programs, {wrong} wrong ones");
}
