//! The inputs of a run: what is missing, unknown, repeated or misshapen is refused before anything is computed.

use ndarray::{ArrayD, IxDyn};

use cnnc::driver::{Options, Session};
use cnnc::exec::{Executor, InputError};
use cnnc::lower::{KernelPolicy, PlanOptions, Precision, lower};
use cnnc::weights::npy;

/// The arguments of a run.
type Given<'a> = &'a [(&'a str, &'a ArrayD<f32>)];

/// The sum of two inputs, for a batch of two.
fn sum() -> Executor {
    let source = "input 1x2x1 as left; input 1x2x1 as right; add < @left | @right >;";
    let session = Session::load(&(), "sum.cnn", source.as_bytes().to_vec(), "sum");
    let checked = session.compile(&Options::default()).unwrap().checked.unwrap();
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    let (policy, precision) = (KernelPolicy::Fastest, Precision::Highest);
    let plan =
        lower(checked.graph(), &PlanOptions { batch: 2, policy, precision, matrix_unit: false, outputs });
    Executor::load(plan, 1, |_| unreachable!("a sum has no constants")).unwrap()
}

fn filled(shape: &[usize], value: f32) -> ArrayD<f32> {
    ArrayD::from_elem(IxDyn(shape), value)
}

#[test]
fn inputs_are_given_by_name_in_any_order() {
    let (left, right) = (filled(&[2, 1, 1, 2], 1.0), filled(&[2, 1, 1, 2], 5.0));
    for inputs in [[("left", &left), ("right", &right)], [("right", &right), ("left", &left)]] {
        assert_eq!(sum().run(&inputs).unwrap(), [filled(&[2, 1, 1, 2], 6.0)]);
    }
}

#[test]
fn a_run_that_is_refused_leaves_nothing_behind() {
    let mut executor = sum();
    let (left, right) = (filled(&[2, 1, 1, 2], 1.0), filled(&[2, 1, 1, 2], 5.0));
    let large = filled(&[2, 1, 1, 3], 7.0);
    let single = filled(&[1, 1, 1, 2], 7.0);
    executor.run(&[("left", &left), ("right", &right)]).unwrap();
    let name = |name: &str| name.to_owned();
    let misshapen = |found: &[usize]| InputError::Shape {
        name: name("right"),
        expected: vec![2, 1, 1, 2],
        found: found.to_vec(),
    };
    let known = vec![name("left"), name("right")];
    let refused: [(Given<'_>, InputError); 6] = [
        (&[], InputError::Missing { name: name("left") }),
        (
            &[("left", &large)],
            InputError::Shape { name: name("left"), expected: vec![2, 1, 1, 2], found: vec![2, 1, 1, 3] },
        ),
        (&[("left", &left)], InputError::Missing { name: name("right") }),
        (&[("left", &left), ("right", &single)], misshapen(&[1, 1, 1, 2])),
        (&[("left", &left), ("right", &right), ("left", &left)], InputError::Repeated { name: name("left") }),
        (&[("left", &left), ("up", &right)], InputError::Unknown { name: name("up"), known }),
    ];
    for (inputs, expected) in refused {
        assert_eq!(executor.run(inputs), Err(expected));
    }
    assert_eq!(executor.run(&[("right", &right), ("left", &right)]).unwrap(), [filled(&[2, 1, 1, 2], 10.0)]);
}

/// What `cnnc run` makes of a picture of the fixtures.
fn prepared(input: &str, picture: &str) -> (Option<i32>, ArrayD<f32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.npy");
    let path = format!("{}/tests/fixtures/pictures/{picture}", env!("CARGO_MANIFEST_DIR"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args([
            "run",
            "-e",
            &format!("{input}; times 1"),
            "--input",
            &path,
            "--output",
            out.to_str().unwrap(),
        ])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let values = std::fs::read(&out).map_or(filled(&[0], 0.0), |bytes| array(&bytes));
    (output.status.code(), values, String::from_utf8(output.stderr).unwrap())
}

fn array(bytes: &[u8]) -> ArrayD<f32> {
    let mut reader = bytes;
    let header = npy::read_header(&mut reader, "array").unwrap();
    npy::read_f32(&mut reader, &header, u64::MAX, "array").unwrap()
}

#[test]
fn pictures_become_inputs_as_pillow_and_numpy_make_them() {
    let mean = "mean=(0.485, 0.456, 0.406) std=(0.229, 0.224, 0.225)";
    let caffe = "mean=(103.939, 116.779, 123.68) range=255 order=bgr";
    let cases = [
        (format!("input 11x12x3 resize=14 {mean}"), "prepared"),
        ("input 10x16x3 resize=(12, 20)".to_owned(), "exact"),
        (format!("input 10x16x3 resize=(12, 20) {caffe}"), "caffe"),
        ("input 16x16x3 letterbox".to_owned(), "letterbox"),
        ("input 16x16x3 letterbox=0.5 order=rgb range=1".to_owned(), "letterbox"),
    ];
    for (input, expected) in cases {
        let (code, values, said) = prepared(&input, "rgb.png");
        assert_eq!(code, Some(0), "{input}: {said}");
        let file = format!("{}/tests/fixtures/pictures/{expected}.npy", env!("CARGO_MANIFEST_DIR"));
        let expected = array(&std::fs::read(file).unwrap()).insert_axis(ndarray::Axis(0));
        assert_eq!(values, expected, "{input}");
    }
}

#[test]
fn the_grey_of_a_letterbox_is_scaled_and_normalised_like_the_picture() {
    let (code, values, said) = prepared("input 40x16x1 letterbox=0.25 range=255 mean=60 std=2", "grey.png");
    assert_eq!(code, Some(0), "{said}");
    // 19x26 becomes 12x16 in the middle of 40 rows.
    assert_eq!(values[[0, 0, 0, 0]], (63.75 - 60.0) / 2.0);
    assert_eq!(values[[0, 0, 13, 15]], (63.75 - 60.0) / 2.0);
    assert_ne!(values[[0, 0, 14, 15]], (63.75 - 60.0) / 2.0);
}

#[test]
fn a_picture_is_turned_where_the_input_says_so() {
    let (_, stored, said) = prepared("input 8x8x3 resize=8", "rotated.jpg");
    assert!(said.contains("EXIF orientation 6"), "{said}");
    let (code, upright, said) = prepared("input 8x8x3 orient resize=8", "rotated.jpg");
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_ne!(upright, stored);
}

#[test]
fn wrong_words_about_pictures_are_answered_at_their_place() {
    let cases = [
        ("input 8x8x3 letterbox resize=9", "E0206", "`letterbox` and `resize=` exclude each other"),
        ("input 8x8x3 letterbox=114", "E0205", "the grey of `letterbox` must be between 0 and 1"),
        ("input 8x8x3 letterbox letterbox=0.5", "E0202", "`letterbox` is given twice"),
        ("input 8x8x3 resize=(1, 2, 3)", "E0205", "wants n or (height, width)"),
        ("input 8x8x3 resize=0", "E0205", "`resize` of `input` wants a whole number"),
        ("input 8x8x3 range=0", "E0205", "`range` must be a positive number"),
        ("input 8x8x3 range=-255", "E0205", "`range` must be a positive number"),
        ("input 8x8x3 order=gbr", "E0205", "wants one of `rgb`, `bgr`"),
        ("input 8x8x3 order=3", "E0205", "wants one of `rgb`, `bgr`"),
        ("input 8x8x3 order", "E0203", "`order` needs a value"),
        ("input 8x8x1 order=bgr", "E0206", "`order` orders three channels, and the input has 1"),
        ("input 64 letterbox", "E0206", "`letterbox` applies to pictures"),
        ("input 64 orient", "E0206", "`orient` applies to pictures"),
        ("input 64 resize=(3, 4)", "E0206", "`resize` applies to pictures"),
        ("input 8x8x3 orient=6", "E0201", "`input` has no attribute `orient`"),
    ];
    for (input, code, headline) in cases {
        let text = format!("{input}; relu;");
        let session = Session::load(&(), "case.cnn", text.as_bytes().to_vec(), "case");
        let outcome = session.compile(&Options::default()).unwrap();
        let found: Vec<_> = outcome.diagnostics.iter().filter(|one| one.code.id().starts_with('E')).collect();
        let [one] = found[..] else { panic!("{input}: {found:#?}") };
        assert_eq!(one.code.id(), code, "{input}: {}", one.message);
        assert!(one.message.contains(headline), "{input}: {}", one.message);
        let place = &text[one.primary.span.start as usize..one.primary.span.end as usize];
        assert!(place.len() < input.len() && !place.contains(';'), "{input}: `{place}`");
    }
}

#[test]
fn another_size_of_the_input_keeps_what_is_said_about_pictures() {
    let shown = |input: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .args(["report", "-e", &format!("{input}; relu"), "--input-size", "10x16", "--format", "json"])
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["inputs"][0].clone()
    };
    let expected = serde_json::json!({
        "name": "input", "shape": [10, 16, 3],
        "picture": {
            "resize": [12, 20], "orient": true, "order": "bgr", "range": 255.0, "mean": [0.5], "std": [],
        },
    });
    assert_eq!(shown("input 8x8x3 orient resize=(12, 20) mean=0.5 range=255 order=bgr"), expected);
    assert_eq!(shown("input 8x8x3"), serde_json::json!({ "name": "input", "shape": [10, 16, 3] }));
}
