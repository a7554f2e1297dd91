//! Outputs that are maps become pictures: `cnnc run … --output out=mask.png`, and `--as classes`.

use std::path::Path;
use std::process::Command;

use ndarray::{Array4, ArrayD, array};

use cnnc::picture::class_colour;
use cnnc::weights::npy;

/// Runs a program on an array: the exit code and what was said.
fn run(folder: &Path, text: &str, input: &ArrayD<f32>, more: &[&str]) -> (Option<i32>, String) {
    let mut file = std::fs::File::create(folder.join("in.npy")).unwrap();
    npy::write_f32(&mut file, input.view(), "in").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .current_dir(folder)
        .args(["run", "-e", text, "--input", "in.npy"])
        .args(more)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn decoded(path: &Path) -> image::DynamicImage {
    image::load_from_memory(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn one_channel_is_grey_and_three_are_colours() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mask = array![[[[0.0, 0.25, 1.0], [2.0, -1.0, 0.5]]]].into_dyn();
    let text = "input 2x3x1; times 1";
    assert_eq!(run(folder, text, &mask, &["--output", "out=mask.png"]), (Some(0), String::new()));
    let image::DynamicImage::ImageLuma8(grey) = decoded(&folder.join("mask.png")) else { panic!("not grey") };
    assert_eq!((grey.dimensions(), grey.into_raw()), ((3, 2), vec![0, 64, 255, 255, 0, 128]));
    let colours = array![[[[1.0, 0.0]], [[0.0, 1.0]], [[0.2, 0.4]]]].into_dyn();
    let (code, said) =
        run(folder, "input 1x2x3; times 1", &colours, &["--output", "c.png", "--as", "values"]);
    assert_eq!(code, Some(0), "{said}");
    let image::DynamicImage::ImageRgb8(rgb) = decoded(&folder.join("c.png")) else { panic!("no colours") };
    assert_eq!(rgb.into_raw(), [255, 0, 51, 0, 255, 102]);
}

#[test]
fn classes_have_fixed_colours_and_outputs_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let scores = Array4::from_shape_fn(
        (1, 21, 3, 7),
        |(_, class, row, column)| {
            if class == row * 7 + column { 1.0 } else { 0.0 }
        },
    );
    let text = "input 3x7x21; aux < mean channels > as average; times 2";
    let more = ["--output", "out=classes.png", "--output", "average=a.npy", "--as", "classes"];
    let (code, said) = run(folder, text, &scores.into_dyn(), &more);
    assert_eq!(code, Some(0), "{said}");
    let image::DynamicImage::ImageRgb8(picture) = decoded(&folder.join("classes.png")) else { panic!() };
    assert_eq!(picture.dimensions(), (7, 3));
    for (index, pixel) in picture.pixels().enumerate() {
        assert_eq!(pixel.0, class_colour(index), "class {index}");
    }
    assert!(folder.join("a.npy").exists());
}

#[test]
fn what_is_no_picture_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ones = |shape: [usize; 4]| ArrayD::from_elem(shape.to_vec(), 1.0);
    let png = ["--output", "o.png"];
    let classes = ["--output", "o.png", "--as", "classes"];
    let cases: [(&str, [usize; 4], &[&str], &str); 6] = [
        ("input 2x2x4; relu", [1, 4, 2, 2], &png, "`--as classes` shows"),
        ("input 2x2x1; relu", [1, 1, 2, 2], &classes, "leave out `--as classes`"),
        ("input 2x2x1; flatten", [1, 1, 2, 2], &png, "`out` is a vector of 4"),
        ("input 2x2x1; relu", [2, 1, 2, 2], &png, "is one picture, and the run has 2"),
        ("input 2x2x4; relu", [1, 4, 2, 2], &["--output", "o.npy", "--as", "classes"], "none is written"),
        ("input 2x2x4; relu", [1, 4, 2, 2], &["--output", "o.jpg"], "must end with .npy, .png or .npz"),
    ];
    for (text, shape, more, why) in cases {
        let (code, said) = run(folder, text, &ones(shape), more);
        assert_eq!(code, Some(2), "{text} {more:?}: {said}");
        assert!(said.contains(why), "{text} {more:?}: {said}");
        assert!(!folder.join("o.png").exists(), "{text} {more:?}");
    }
    let (code, said) = run(folder, "input 2x2x1; relu", &ones([1, 1, 2, 2]), &["--as", "classes"]);
    assert_eq!(code, Some(2), "{said}");
}
