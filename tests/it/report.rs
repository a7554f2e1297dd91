//! The forms of a report say the same, whatever is folded, sorted, cut or narrow.

use cnnc::analysis::{Dtype, Metric};
use cnnc::driver::{Options, Session};
use cnnc::report::{self, Column, Report, ReportSettings, Selection};

const SOURCE: &str = "input 32x32x3;
[conv 3x3x16 same bn relu; maxpool 2/2] as stem[];
[conv 3x3x32 same relu * 3] as body[];
avgpool global; flatten; dense 10 softmax as head;
";

fn report_with(settings: ReportSettings) -> Report {
    let session = Session::load(&(), "small.cnn", SOURCE.as_bytes().to_vec(), "small");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    Report::of(&checked, session.sources(), settings)
}

fn small() -> Report {
    report_with(ReportSettings::default())
}

/// The cells of a CSV of names and one metric.
fn rows(report: &Report, selection: Selection, metric: Metric) -> Vec<(String, u128)> {
    let selection = Selection { columns: vec![Column::Name, Column::Metric(metric)], ..selection };
    let text = report::csv(report, &selection);
    let row = |line: &str| {
        let (name, value) = line.split_once(',').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn folded_rows_keep_the_sums_and_the_last_shape() {
    let report = small();
    let folded = Selection { depth: Some(1), ..Selection::default() };
    for metric in [Metric::Params, Metric::Macs, Metric::Flops, Metric::State, Metric::ActivationBytes] {
        let whole = rows(&report, Selection::default(), metric);
        let parts = rows(&report, folded.clone(), metric);
        let sum = |rows: &[(String, u128)]| rows.iter().map(|row| row.1).sum::<u128>();
        assert_eq!(sum(&whole), sum(&parts), "{}", metric.name());
        assert!(parts.len() < whole.len());
    }
    let names: Vec<String> =
        rows(&report, folded.clone(), Metric::Macs).into_iter().map(|row| row.0).collect();
    assert_eq!(names[..2], ["stem", "body"]);
    let cells = report::select(&report, &folded);
    assert_eq!(cells.rows[0][2], "16x16x16");
    assert_eq!(cells.rows[1][2], "16x16x32");
}

#[test]
fn sorting_is_by_size_and_a_cut_says_what_it_hides() {
    let report = small();
    let sorted = Selection { sort: Some(Metric::Params), ..Selection::default() };
    let all = rows(&report, sorted.clone(), Metric::Params);
    assert!(all.is_sorted_by(|a, b| a.1 >= b.1), "{all:?}");
    let top = Selection { top: Some(2), ..sorted };
    assert_eq!(rows(&report, top.clone(), Metric::Params), all[..2]);
    let hidden = format!("… and {} more", all.len() - 2);
    assert!(report::table(&report, &top, usize::MAX).contains(&hidden));
    assert!(report::markdown(&report, &top).contains(&hidden));
}

#[test]
fn a_narrow_table_fits_and_keeps_names_and_the_sorted_column() {
    let report = small();
    let wide = report::table(&report, &Selection::default(), usize::MAX);
    assert!(wide.contains("share") && wide.contains("memory"), "{wide}");
    for sort in [None, Some(Metric::Macs), Some(Metric::ActivationBytes)] {
        let selection = Selection { sort, ..Selection::default() };
        let narrow = report::table(&report, &selection, 50);
        let table = narrow.lines().skip(2).take_while(|line| !line.is_empty());
        assert!(table.clone().all(|line| line.chars().count() <= 50), "{narrow}");
        let heading = table.clone().next().unwrap();
        assert!(heading.starts_with("name") && !heading.contains("share"), "{narrow}");
        if let Some(metric) = sort {
            let word = if metric == Metric::Macs { "macs" } else { "memory" };
            assert!(heading.contains(word), "{narrow}");
        }
    }
}

#[test]
fn batch_and_type_scale_what_they_must() {
    let one = small().totals;
    let many = report_with(ReportSettings { dtype: Dtype::Int8, batch: 8 }).totals;
    assert_eq!(many.sums.params, one.sums.params);
    assert_eq!(many.sums.macs, 8 * one.sums.macs);
    assert_eq!(many.sums.weight_bytes * 4, one.sums.weight_bytes);
    assert_eq!(many.sums.activation_bytes * 4, 8 * one.sums.activation_bytes);
    assert_eq!(many.depth, one.depth);
}

#[test]
fn kinds_of_operations_add_up() {
    let report = small();
    for layer in &report.layers {
        let flops = &layer.counts.flops;
        let kinds: u128 = flops.0.kinds().map(|(_, count)| count).sum();
        assert_eq!(flops.total(), kinds, "{}", layer.name);
        assert_eq!(flops.0.mac, 2 * layer.counts.macs, "{}", layer.name);
    }
}

#[test]
fn markdown_is_a_table_of_equal_rows() {
    let text = report::markdown(&small(), &Selection::default());
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    let bars = lines[0].matches('|').count();
    assert!(lines.iter().all(|line| line.matches('|').count() == bars), "{text}");
    assert!(lines.last().unwrap().contains("**total**"), "{text}");
}

/// A deep network with long names and many digits.
fn deep() -> Report {
    let source = "block unit(c) { residual < conv 3x3x(c) same bn relu as convolution_with_a_long_name; conv 3x3x(c) same bn > relu; }
network a_network_with_quite_a_long_name {
    input 224x224x64;
    [unit(64) * 4; maxpool 2/2] as stage_number_one[];
    [conv 1x1x128; unit(128) * 3] as stage_number_two[];
    conv 3x3x128 same; conv 3x3x128 same; conv 3x3x128 same;
    avgpool global; flatten; dense 1000 as head;
}";
    let session = Session::load(&(), "deep.cnn", source.as_bytes().to_vec(), "deep");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    Report::of(&checked, session.sources(), ReportSettings::default())
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for report in [small(), deep()] {
        for width in [30, 40, 50, 60, 72, 80, 100, 140] {
            for (exact, marks, repeats) in [(false, true, true), (true, false, false), (true, true, true)] {
                let selection = Selection { exact, marks, repeats, ..Selection::default() };
                let text = report::table(&report, &selection, width);
                let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
                assert!(widest <= width, "{widest} of {width} columns:\n{text}");
            }
        }
    }
}

#[test]
fn repeated_blocks_fold_without_changing_a_sum() {
    let report = deep();
    let folded = Selection { repeats: true, ..Selection::default() };
    for metric in [Metric::Params, Metric::Macs, Metric::Flops, Metric::ActivationBytes] {
        let sum = |selection| rows(&report, selection, metric).iter().map(|row| row.1).sum::<u128>();
        assert_eq!(sum(Selection::default()), sum(folded.clone()), "{}", metric.name());
    }
    let names: Vec<String> = rows(&report, folded, Metric::Macs).into_iter().map(|row| row.0).collect();
    assert_eq!(
        names,
        [
            "stage_number_one.0 … stage_number_one.3  ×4",
            "stage_number_one.4",
            "stage_number_two.0",
            "stage_number_two.1 … stage_number_two.3  ×3",
            "conv1",
            "conv2",
            "conv3",
            "avgpool1",
            "flatten1",
            "head"
        ]
    );
}

#[test]
fn the_heaviest_rows_are_marked() {
    let marked = report::table(&small(), &Selection { marks: true, ..Selection::default() }, 80);
    let lines: Vec<&str> = marked.lines().filter(|line| line.ends_with('◂')).collect();
    assert_eq!(lines.len(), 3, "{marked}");
    assert!(lines.iter().all(|line| line.contains("conv")), "{marked}");
    assert!(!report::table(&small(), &Selection::default(), 80).contains('◂'));
}

#[test]
fn the_shipped_devices_bound_a_network() {
    let all: &[&str] = &["f32", "f16", "int8"];
    let devices = [("a100", all), ("t4", all), ("epyc_zen4_1", &all[..1]), ("epyc_zen4_2", &all[..1])];
    for (device, dtypes) in devices {
        for dtype in dtypes {
            let file = format!("examples/devices/{device}.toml");
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_cnnc"))
                .args(["report", "zoo:resnet50", "--device", &file, "--dtype", dtype, "--format", "json"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .output()
                .unwrap();
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let layers = report["layers"].as_array().unwrap();
            let sum: f64 = layers.iter().map(|layer| layer["bound"].as_f64().unwrap()).sum();
            let (alone, fused) =
                (report["bound_layer_by_layer"].as_f64().unwrap(), report["bound_fused"].as_f64().unwrap());
            assert!((sum - alone).abs() < 1e-9 && fused <= alone && fused > 0.0, "{device} {dtype}");
            for layer in layers {
                let least = layer["flops"].as_f64().unwrap() / report["peak"].as_f64().unwrap();
                assert!(layer["bound"].as_f64().unwrap() >= least, "{layer}");
            }
        }
    }
}
