//! Hostile or unlucky surroundings: names, links, pipes, endless files, several writers at once.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) const NETWORK: &str = "input 8x8x3; conv 3x3x5;";

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
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = cnnc(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
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
    let device = "name = \"a\"\nsource = \"b\"\nbandwidth = \"320G\"\n[peak]\nf32 = \"8.1T\"\n";
    fs::write(folder.path().join("d.toml"), device).unwrap();
    let shown = [&["--dialects"][..], &["--explain", "conv1"], &["--device", "d.toml"], &[]];
    for (index, option) in shown.iter().enumerate() {
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
fn labels_do_not_move_the_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("l.txt"), "cat\u{1b}[2J\n::error::pwn\u{9b}\u{202e}\n").unwrap();
    fs::write(path.join("n.cnn"), "input 1x1x2; labels \"l.txt\"; flatten;").unwrap();
    fs::write(path.join("a.npy"), super::options::npy(&[1, 1, 1, 2], 1)).unwrap();
    let (code, out, said) = run(path, &["run", "n.cnn", "--input", "a.npy", "--layout", "nhwc"]);
    assert_eq!(code, 0, "{said}");
    assert!(out.contains("cat") && out.contains("error"), "{out}");
    assert!(!out.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{out:?}");
    assert!(!out.lines().any(|line| line.starts_with("::")), "{out}");
}

#[test]
fn settings_that_mean_nothing_are_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), NETWORK).unwrap();
    for (project, wanted) in [
        ("[report]\ncolumns = [\"zzz\"]\n", "there is no column `zzz`"),
        (
            "[[networks]]\nfiles = [\"*.cnn\"]\nmax = { params = [1] }\n",
            "a limit is a whole number, or a text",
        ),
    ] {
        fs::write(path.join("cnnc.toml"), project).unwrap();
        let (code, _, said) = run(path, &["check"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("error[E0701]") && said.contains(wanted), "{said}");
    }
    fs::remove_file(path.join("cnnc.toml")).unwrap();
    assert_eq!(run(path, &["check", "n.cnn", "--threads", "65535"]).0, 2);
    fs::write(path.join("u.cnn"), "use \"b.cnn\"\nnetwork x { input 8x8x3; relu }").unwrap();
    fs::write(path.join("b.cnn"), "block b { relu }").unwrap();
    let (code, _, said) = run(path, &["check", "u.cnn"]);
    assert_eq!(code, 1);
    assert!(said.contains("error[E0002]: a `;` is missing") && said.ends_with("1 error\n"), "{said}");
}

#[test]
fn rows_stay_in_their_cells() {
    let folder = tempfile::tempdir().unwrap();
    let text = "input 8x8x3; conv 3x3x4 as \"a`![i](http://2130706433/x) @team`b\"; \
                relu as \"=cmd\"; relu as \"+1\"; relu as \"-1\"; relu as \"@SUM(1)\"";
    fs::write(folder.path().join("n.cnn"), text).unwrap();
    let (code, markdown, said) = run(folder.path(), &["report", "n.cnn", "--format", "markdown"]);
    assert_eq!(code, 0, "{said}");
    assert!(markdown.contains("``a`![i](http://2130706433/x) @team`b``"), "{markdown}");
    let (_, csv, _) = run(folder.path(), &["report", "n.cnn", "--format", "csv"]);
    for cell in ["=cmd", "+1", "-1", "@SUM(1)"] {
        assert!(csv.contains(&format!("\n'{cell},")), "{csv}");
    }
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
