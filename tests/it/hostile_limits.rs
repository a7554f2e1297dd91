//! Limits of the system: little memory, a full disk, folders that cannot be written.

use std::fs;

use super::hostile::run;

#[cfg(target_os = "linux")]
use super::hostile::NETWORK;
#[cfg(target_os = "linux")]
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs the program after a line of bash, such as one with `ulimit`.
#[cfg(target_os = "linux")]
pub(crate) fn after(line: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new("bash")
        .args(["-c", &format!("{line}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_cnnc")])
        .args(arguments)
        .current_dir(folder)
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn an_array_that_memory_does_not_hold_is_refused_by_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (400000000, 1, 1, 1), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    fs::write(folder.path().join("a.npy"), bytes).unwrap();
    let run_it = ["run", "-e", "input 1x1x1; relu", "--input", "a.npy", "--max-memory", "10MiB"];
    let (code, _, said) = run(folder.path(), &run_it);
    assert_eq!(code, 3);
    assert!(said.contains("E0607"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    for (name, command) in [
        ("w.npz", "weights zoo:lenet5 --seed 1"),
        ("w.safetensors", "weights zoo:lenet5 --seed 1"),
        ("m.onnx", "export zoo:lenet5 --to onnx --seed 1"),
    ] {
        // No file may grow beyond 8 KiB, and who tries gets an error instead of a signal.
        let arguments: Vec<&str> = command.split(' ').chain(["--output", name]).collect();
        let output = after("trap '' XFSZ; ulimit -f 8", folder.path(), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.starts_with("error[E0609]: `") || said.starts_with("error[E0609]: cannot write"),
            "{said}"
        );
        assert_eq!(said.matches("File too large").count(), 1, "{said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
    }
}

/// A message about memory, and nothing else but what the C library says of a thread for which it had none. Two threads
/// that fail at once may both say it.
#[cfg(target_os = "linux")]
fn says_memory(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.replace("Fatal glibc error: failed to register TLS destructor: out of memory\n", "");
    let (all, of_memory) = (said.matches("error[").count(), said.matches("error[E0607]: ").count());
    said.starts_with("error[E0607]: ") && all == of_memory && !said.contains("panicked")
}

#[cfg(target_os = "linux")]
#[test]
fn refused_memory_is_a_message_whatever_asked_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let deep = |open: &str, close: &str, depth: usize| {
        format!("input 8x8x3; {} relu; {}", open.repeat(depth), close.repeat(depth))
    };
    fs::write(path.join("deep.cnn"), deep("residual < ", "> ;", 100)).unwrap();
    fs::write(path.join("long.cnn"), format!("input 8x8x3; {}", "conv 3x3x3 same; relu; ".repeat(40_000)))
        .unwrap();
    for index in 0..8 {
        fs::write(path.join(format!("n{index}.cnn")), NETWORK).unwrap();
    }
    let version = |mebibytes: &usize| {
        after(&format!("ulimit -v {}", mebibytes << 10), path, &["--version"]).status.success()
    };
    let least = (8..).find(version).expect("the program starts");
    let mut refused = 0;
    for mebibytes in (least + 4..least + 44).step_by(4) {
        for arguments in [
            &["check", "."][..],
            &["check", ".", "--threads", "8"],
            &["check", "deep.cnn"],
            &["report", "long.cnn"],
            &["bench", "zoo:lenet5", "--runs", "1", "--threads", "4"],
            &["weights", "zoo:alexnet", "--seed", "1", "--output", "w.npz"],
        ] {
            let output = after(&format!("ulimit -v {}", mebibytes << 10), path, arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0 | 1) => {}
                Some(3) if says_memory(&output) => refused += 1,
                code => panic!("{arguments:?} in {mebibytes} MiB: {code:?}\n{said}"),
            }
        }
    }
    assert!(refused > 10, "only {refused} commands met the limit");
    let unfinished = fs::read_dir(path)
        .unwrap()
        .flatten()
        .filter(|one| one.file_name().as_encoded_bytes().starts_with(b".cnnc-"));
    assert_eq!(unfinished.count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_made_is_called_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody may make a file there, not even who may everything else.
    let (code, _, said) = run(folder.path(), &["check", "-e", NETWORK, "--also", "json=/proc/out.json"]);
    assert_eq!(code, 3);
    assert!(
        said.starts_with("error[E0609]: cannot write `/proc/out.json`: ") && !said.contains(".cnnc-"),
        "{said}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_picture_is_refused_by_its_head() {
    let folder = tempfile::tempdir().unwrap();
    // The head says 16384x16384 grey pixels; no pixel follows.
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    picture.extend([0, 0, 64, 0, 0, 0, 64, 0, 8, 0, 0, 0, 0]);
    picture.extend(crc32(&picture[12..]).to_be_bytes());
    picture.extend(b"\0\0\0\x10IDAT");
    fs::write(folder.path().join("a.png"), picture).unwrap();
    let arguments = ["run", "-e", "input 224x224x3; relu", "--input", "a.png"];
    let output = after("ulimit -v 200000", folder.path(), &arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the picture is 16384x16384"), "{said}");
}

/// The checksum of a part of a PNG file.
#[cfg(target_os = "linux")]
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
