//! Hostile or unlucky surroundings: names, links, pipes, endless files, several writers at once.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const NETWORK: &str = "input 8x8x3; conv 3x3x5;";

fn cnnc(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Exit code, stdout and stderr.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = cnnc(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn git(folder: &Path, arguments: &[&str]) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"];
    let output =
        Command::new("git").args(settings).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with these files in its only commit.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "x"]);
    folder
}

#[test]
fn a_hidden_folder_of_a_revision_is_not_another_one() {
    let repository = repository(&[(".h/n.cnn", "input 8x8x3; conv 3x3x9;"), ("h/n.cnn", NETWORK)]);
    let (code, said, _) = run(repository.path(), &["diff", "git:HEAD:.h/n.cnn", ".h/n.cnn"]);
    assert_eq!(code, 0);
    assert!(said.contains("no change"), "{said}");
    let (code, said, _) = run(&repository.path().join("h"), &["diff", "git:HEAD:../.h/n.cnn", "../.h/n.cnn"]);
    assert_eq!(code, 0);
    assert!(said.contains("no change"), "{said}");
    assert_eq!(run(repository.path(), &["diff", "git:HEAD:../x.cnn", "h/n.cnn"]).0, 2);
}

#[cfg(unix)]
#[test]
fn a_link_of_a_revision_is_followed_so_that_gates_hold() {
    let repository = repository(&[("real.cnn", NETWORK)]);
    let folder = repository.path();
    std::os::unix::fs::symlink("real.cnn", folder.join("net.cnn")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.join("out.cnn")).unwrap();
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "y"]);
    fs::write(folder.join("real.cnn"), "input 8x8x3; conv 3x3x500;").unwrap();
    let (code, _, said) = run(folder, &["diff", "git:HEAD:net.cnn", "net.cnn", "--fail-on", "params>+5%"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("beyond the gate"), "{said}");
    // A link that leads out of the repository is no file of the revision.
    fs::remove_file(folder.join("out.cnn")).unwrap();
    let (code, said, _) = run(folder, &["diff", "git:HEAD:.", "."]);
    assert_eq!(code, 0);
    assert!(!said.contains("out"), "{said}");
    assert_eq!(run(folder, &["diff", "git:HEAD:out.cnn", "net.cnn"]).0, 3);
}

#[test]
fn a_submodule_is_passed_over_and_a_huge_blob_is_not_read() {
    let inner = repository(&[("n.cnn", NETWORK)]);
    let outer = repository(&[("a.cnn", NETWORK)]);
    let folder = outer.path();
    git(folder, &["submodule", "add", "-q", inner.path().to_str().unwrap(), "sub.cnn"]);
    fs::write(folder.join("huge.cnn"), "#".repeat(6 << 20)).unwrap();
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "y"]);
    let (code, said, _) = run(folder, &["diff", "git:HEAD:.", "git:HEAD:."]);
    // The huge file is too large for a source, on both sides; the others are compared all the same.
    assert_eq!(code, 1);
    assert!(said.contains("a (a.cnn): no change") && said.contains("the limit is 4194304"), "{said}");
}

#[test]
fn a_named_project_that_does_not_reach_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("s/cnnc.toml", "[[networks]]\nfiles = [\"**/*.cnn\"]\nmax = { params = 1 }\n"),
        ("s/n.cnn", NETWORK),
        ("o/n.cnn", NETWORK),
    ] {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
    }
    let check = |file: &[&str]| run(folder.path(), &[&["check", "--config", "s/cnnc.toml"], file].concat());
    assert_eq!(check(&["s/n.cnn"]).0, 1);
    for file in [&["o/n.cnn"][..], &["-"], &["zoo:lenet5"], &["-e", NETWORK]] {
        let (code, _, said) = check(file);
        assert_eq!(code, 2, "{file:?}");
        assert!(said.contains("outside"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_backslash_is_a_character_of_a_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("b/x")).unwrap();
    fs::write(folder.path().join("b/x\\y.cnn"), "frob;").unwrap();
    fs::write(folder.path().join("b/x/y.cnn"), "input 8x8x3; relu;").unwrap();
    let (code, _, said) = run(folder.path(), &["check", "b"]);
    assert_eq!(code, 1);
    assert!(said.contains("x\\y.cnn"), "{said}");
}

#[test]
fn a_baseline_is_saved_whatever_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    for (index, option) in [&["--dialects"][..], &["--explain", "conv1"], &[]].iter().enumerate() {
        let name = format!("b{index}.txt");
        let arguments = [&["report", "-e", NETWORK, "--save-baseline", &name], *option].concat();
        assert_eq!(run(folder.path(), &arguments).0, 0);
        let text = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert!(text.contains("params: 140"), "{text}");
    }
}

#[test]
fn writers_of_one_baseline_keep_each_others_figures() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..12)
        .map(|index| {
            fs::write(folder.path().join(format!("b{index}.cnn")), NETWORK).unwrap();
            Command::new(env!("CARGO_BIN_EXE_cnnc"))
                .args(["report", &format!("b{index}.cnn"), "--save-baseline", "l.txt"])
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let text = fs::read_to_string(folder.path().join("l.txt")).unwrap();
    assert_eq!(text.matches("params: 140").count(), 12, "{text}");
}

#[test]
fn no_output_replaces_what_is_read_or_another_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), "input 4x4x1; conv 3x3x2;").unwrap();
    fs::write(path.join("cnnc.toml"), "[report]\n").unwrap();
    for arguments in [
        &["check", "n.cnn", "--also", "json=n.cnn"][..],
        &["check", "n.cnn", "--also", "json=./cnnc.toml"],
        &["check", "n.cnn", "--also", "json=o.txt", "--also", "short=./o.txt"],
        &["bench", "n.cnn", "--runs", "1", "--trace", "n.cnn"],
    ] {
        let (code, _, said) = run(path, arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains("E0609"), "{said}");
    }
    assert_eq!(fs::read_to_string(path.join("n.cnn")).unwrap(), "input 4x4x1; conv 3x3x2;");
    assert_eq!(fs::read_to_string(path.join("cnnc.toml")).unwrap(), "[report]\n");
}

#[cfg(unix)]
#[test]
fn a_link_as_an_output_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::os::unix::fs::symlink("target.json", path.join("link.json")).unwrap();
    assert_eq!(run(path, &["check", "-e", NETWORK, "--also", "json=link.json"]).0, 0);
    assert!(fs::symlink_metadata(path.join("link.json")).unwrap().is_symlink());
    assert!(fs::read_to_string(path.join("target.json")).unwrap().starts_with('{'));
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rest = path.join(".cnnc-abandoned");
    fs::write(&rest, "half").unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(600);
    fs::File::options().write(true).open(&rest).unwrap().set_modified(old).unwrap();
    fs::write(path.join(".cnnc-young"), "half").unwrap();
    assert_eq!(run(path, &["check", "-e", NETWORK, "--also", "json=o.json"]).0, 0);
    assert!(!rest.exists());
    assert!(path.join(".cnnc-young").exists());
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), NETWORK).unwrap();
    for arguments in [
        &["check", "n.cnn", "--config", "/dev/zero"][..],
        &["check", "n.cnn", "--baseline", "/dev/zero"],
        &["report", "n.cnn", "--device", "/dev/zero"],
    ] {
        let (code, _, said) = run(path, arguments);
        assert_eq!(code, 3, "{arguments:?}: {said}");
        assert!(said.contains("more than"), "{said}");
    }
    assert!(Command::new("mkfifo").arg(path.join("pipe.cnn")).status().unwrap().success());
    fs::write(path.join("u.cnn"), "use \"pipe.cnn\"; network n { input 8x8x3; relu }").unwrap();
    let (code, _, said) = run(path, &["check", "u.cnn"]);
    assert_eq!(code, 1);
    assert!(said.contains("no regular file"), "{said}");
    fs::write(path.join("l.cnn"), "input 1x1x2; labels \"pipe.cnn\"; flatten;").unwrap();
    let (code, _, said) = run(path, &["run", "l.cnn", "--input", "n.cnn"]);
    assert_eq!(code, 3);
    assert!(said.contains("no regular file"), "{said}");
    fs::write(path.join("cnnc.toml"), "baseline = \"pipe.cnn\"\n").unwrap();
    let (code, _, said) = run(path, &["check"]);
    assert_eq!(code, 3);
    assert!(said.contains("no regular file"), "{said}");
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

#[cfg(unix)]
#[test]
fn names_neither_begin_lines_nor_move_the_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let name = "a\n::error::pwn\n\u{1b}[2J\u{202e}b.cnn";
    fs::write(path.join(name), "frob;").unwrap();
    let fine = "a\n::error::pwn\n\u{1b}[2Jc.cnn";
    fs::write(path.join(fine), NETWORK).unwrap();
    for arguments in [
        &["check", "."][..],
        &["check", ".", "--format", "short"],
        &["check", ".", "--format", "github"],
        &["check", ".", "--format", "markdown"],
        &["report", fine],
        &["report", fine, "--format", "markdown"],
        &["report", fine, "--format", "csv"],
        &["report", fine, "--format", "html"],
        &["report", fine, "--dialects"],
        &["report", "none\n::error::pwn"],
        &["graph", fine],
        &["dump", fine, "--after", "expand"],
        &["diff", fine, "zoo:lenet5"],
        &["diff", fine, "zoo:lenet5", "--format", "markdown"],
        &["diff", name, fine, "--format", "html"],
    ] {
        let (_, out, err) = run(path, arguments);
        for text in [out, err] {
            assert!(!text.lines().any(|line| line.starts_with("::error::pwn")), "{arguments:?}: {text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {text:?}");
        }
    }
}

#[test]
fn rows_stay_in_their_cells() {
    let folder = tempfile::tempdir().unwrap();
    let text = "input 8x8x3; conv 3x3x4 as \"a`![i](http://2130706433/x) @team`b\"; relu as \"=cmd\"; relu as \"+1\"";
    fs::write(folder.path().join("n.cnn"), text).unwrap();
    let (code, markdown, said) = run(folder.path(), &["report", "n.cnn", "--format", "markdown"]);
    assert_eq!(code, 0, "{said}");
    assert!(markdown.contains("``a`![i](http://2130706433/x) @team`b``"), "{markdown}");
    let (_, csv, _) = run(folder.path(), &["report", "n.cnn", "--format", "csv"]);
    assert!(csv.contains("\n'=cmd,") && csv.contains("\n'+1,"), "{csv}");
}

#[test]
fn a_check_of_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert_eq!(run(folder.path(), &["check", "empty"]).0, 3);
    fs::write(folder.path().join("cnnc.toml"), "").unwrap();
    let (code, _, said) = run(folder.path(), &["check"]);
    assert_eq!(code, 3);
    assert!(said.contains("no .cnn file") && !said.contains("no errors"), "{said}");
}

#[test]
fn numbers_beyond_every_range_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (statement, code, wanted) in [
        ("conv 3x3x4 pad=4000000000", "E0313", "4000000000 is more than 2147483647"),
        ("conv 3x3x4 pad=(1, 4000000000)", "E0313", "4000000000 is more than 2147483647"),
        ("lrn 99999999999", "E0313", "99999999999 is more than 2147483647"),
        ("lrn 0", "E0205", "this is 0"),
        ("bn eps=1e-400", "E0007", "too small"),
        ("bn eps=1e400", "E0007", "too large"),
    ] {
        let (exit, _, said) = run(folder.path(), &["check", "-e", &format!("input 8x8x3; {statement}")]);
        assert_eq!(exit, 1, "{statement}");
        assert!(said.contains(&format!("error[{code}]")) && said.contains(wanted), "{statement}: {said}");
    }
    assert_eq!(run(folder.path(), &["check", "-e", "input 8x8x3; times 0e-400; bn eps=5e-324"]).0, 0);
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
        let line = format!("trap '' XFSZ; ulimit -f 8; exec \"$0\" {command} --output {name}");
        let output = Command::new("bash")
            .args(["-c", &line, env!("CARGO_BIN_EXE_cnnc")])
            .current_dir(folder.path())
            .output()
            .unwrap();
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

#[test]
fn no_row_is_called_like_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, said) = run(folder.path(), &["check", "-e", "input 1x1x2; relu as out; flatten; softmax;"]);
    assert_eq!(code, 1);
    assert!(said.contains("error[E0111]") && said.contains("`out`"), "{said}");
    assert_eq!(run(folder.path(), &["check", "-e", "input 1x1x2; [relu as out] as s"]).0, 0);
}
