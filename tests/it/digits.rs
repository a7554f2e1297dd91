//! The trained LeNet-5 over the whole held-out set: the predictions are PyTorch's, picture by picture.

use std::process::Command;

#[test]
fn every_held_out_digit_is_classified_as_by_pytorch() {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(["run", "examples/digits/lenet5.cnn", "--weights", "examples/digits/lenet5.safetensors"])
        .args(["--input", "examples/digits/held_out.npy", "--top", "1", "--format", "json", "--batch", "16"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = std::fs::read_to_string(format!("{root}/examples/digits/held_out.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let predicted: Vec<u64> = run["outputs"][0]["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|picture| picture["top"][0]["index"].as_u64().unwrap())
        .collect();
    let of = |field: &str| -> Vec<u64> {
        expected[field].as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).collect()
    };
    assert_eq!(predicted, of("predicted"));
    let correct = predicted.iter().zip(of("labels")).filter(|(a, b)| **a == *b).count();
    assert_eq!(correct as u64, expected["correct"].as_u64().unwrap());
    assert!(correct as f64 / predicted.len() as f64 >= 0.98);
}

#[test]
fn every_sample_shows_its_digit() {
    for digit in 0..10 {
        let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .args([
                "run",
                "examples/digits/lenet5.cnn",
                "--weights",
                "examples/digits/lenet5.safetensors",
                "--top",
                "1",
            ])
            .args(["--input", &format!("examples/digits/samples/{digit}.png")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.split_whitespace().last(), Some(digit.to_string().as_str()), "{text}");
    }
}
