//! Hostile or unlucky revisions of git: hidden folders, links, submodules, huge blobs, many files.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::hostile::{NETWORK, run};
#[cfg(target_os = "linux")]
use super::hostile_limits::after;

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
    // So are links to what a file uses, and links to folders.
    fs::write(folder.join("block.cnn"), "block b(n) { conv 3x3x(n) }").unwrap();
    std::os::unix::fs::symlink("block.cnn", folder.join("link.cnn")).unwrap();
    fs::create_dir(folder.join("models")).unwrap();
    fs::write(folder.join("models/user.cnn"), NETWORK).unwrap();
    std::os::unix::fs::symlink("models", folder.join("linked")).unwrap();
    fs::write(folder.join("user.cnn"), "use \"link.cnn\"; network n { input 8x8x3; b(5) }").unwrap();
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "z"]);
    fs::write(folder.join("block.cnn"), "block b(n) { conv 3x3x(n * 100) }").unwrap();
    fs::write(folder.join("models/user.cnn"), "input 8x8x3; conv 3x3x500;").unwrap();
    for place in ["user.cnn", "linked/user.cnn", "linked"] {
        let gate = ["diff", &format!("git:HEAD:{place}"), place, "--fail-on", "params>+5%"];
        let (code, _, said) = run(folder, &gate);
        assert_eq!(code, 1, "{place}: {said}");
        assert!(said.contains("beyond the gate"), "{place}: {said}");
    }
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

#[cfg(target_os = "linux")]
#[test]
fn git_is_started_no_oftener_for_more_files() {
    let starts = |files: usize| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let line = format!(
            "mkdir bin r && printf '#!/bin/sh\\necho x >> \"{0}/log\"\\nexec %s \"$@\"\\n' \"$(command -v git)\" > bin/git && \
             chmod +x bin/git && cd r && for i in $(seq {files}); do echo '{NETWORK}' > n$i.cnn; done && \
             git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm x && \
             export PATH=\"{0}/bin:$PATH\"",
            path.display()
        );
        let output = after(&line, path, &["diff", "git:HEAD:.", "."]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("(n1.cnn): no change"));
        fs::read_to_string(path.join("log")).unwrap().lines().count()
    };
    assert_eq!(starts(3), starts(60));
}
