//! `cnnc fmt` as a program: which files it takes, what it writes and says, and its exit codes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const UNTIDY: &str = "input 8x8x3;\nconv   3x3x4   same; # a comment\n\n\nrelu\n";
const TIDY: &str = "input 8x8x3;\nconv 3x3x4 same;  # a comment\n\nrelu;\n";
const BROKEN: &str = "input 8x8x3;\nresidual < conv   3x3x3 same ;\n";

/// A folder with an untidy, a tidy and a broken file, one of them in a folder below.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(place.path("below/deep")).unwrap();
        place.write("untidy.cnn", UNTIDY);
        place.write("below/tidy.cnn", TIDY);
        place.write("below/deep/untidy.cnn", UNTIDY);
        place.write("below/notes.txt", UNTIDY);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn fmt(&self, arguments: &[&str], stdin: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
        command.arg("fmt").args(arguments).current_dir(self.0.path()).env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its stdin may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Said::of(&child.wait_with_output().unwrap())
    }
}

/// What a run printed, and its exit code.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Said { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

#[test]
fn folders_are_formatted_with_all_below_them() {
    let place = Place::new();
    let said = place.fmt(&[], "");
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:?}");
    assert_eq!(said.err, "2 files formatted, 1 file in canonical form\n");
    for name in ["untidy.cnn", "below/tidy.cnn", "below/deep/untidy.cnn"] {
        assert_eq!(place.read(name), TIDY, "{name}");
    }
    assert_eq!(place.read("below/notes.txt"), UNTIDY, "only sources are formatted");
    assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 2, "nothing else is left in the folder");
    let again = place.fmt(&["untidy.cnn", "below"], "");
    assert_eq!((again.code, again.err.as_str()), (0, "3 files in canonical form\n"));
}

#[test]
fn the_project_file_says_which_files_are_formatted() {
    let place = Place::new();
    place.write("cnnc.toml", "files = [\"below/**/*.cnn\"]\nexcept = [\"below/deep/**\"]\n");
    place.write("below/other.cnn", UNTIDY);
    // Also from a folder of the project.
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
    let output = command.arg("fmt").current_dir(place.path("below/deep")).output().unwrap();
    let said = Said::of(&output);
    assert_eq!((said.code, said.err.as_str()), (0, "1 file formatted, 1 file in canonical form\n"));
    assert_eq!(place.read("below/other.cnn"), TIDY);
    assert_eq!(place.read("untidy.cnn"), UNTIDY);
    assert_eq!(place.read("below/deep/untidy.cnn"), UNTIDY);
    // Who names a file means it.
    assert_eq!(place.fmt(&["untidy.cnn"], "").code, 0);
    assert_eq!(place.read("untidy.cnn"), TIDY);
}

#[test]
fn check_lists_what_would_change_and_writes_nothing() {
    let place = Place::new();
    let said = place.fmt(&["--check"], "");
    assert_eq!(said.code, 1);
    assert_eq!(said.out, "below/deep/untidy.cnn\nuntidy.cnn\n");
    assert_eq!(said.err, "2 files not in canonical form, 1 file in canonical form\n");
    assert_eq!(place.read("untidy.cnn"), UNTIDY);
    let said = place.fmt(&["--check", "below/tidy.cnn"], "");
    assert_eq!((said.code, said.out.as_str()), (0, ""));
}

#[test]
fn diff_shows_a_patch_that_makes_the_change() {
    let place = Place::new();
    let said = place.fmt(&["--diff"], "");
    assert_eq!(said.code, 1);
    assert!(
        said.out.starts_with("--- a/below/deep/untidy.cnn\n+++ b/below/deep/untidy.cnn\n@@ "),
        "{said:?}"
    );
    assert!(said.out.contains("\n-conv   3x3x4   same; # a comment\n"), "{said:?}");
    assert!(said.out.contains("\n+conv 3x3x4 same;  # a comment\n"), "{said:?}");
    assert_eq!(place.read("untidy.cnn"), UNTIDY, "nothing is written");
    place.write("change.patch", &said.out);
    let mut git = Command::new("git");
    let output = git.args(["apply", "change.patch"]).current_dir(place.0.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((place.read("untidy.cnn"), place.read("below/deep/untidy.cnn")), (TIDY.into(), TIDY.into()));
    // --diff checks already: with --check it is refused, as every option that would change nothing.
    place.write("untidy.cnn", UNTIDY);
    let both = place.fmt(&["--check", "--diff", "untidy.cnn"], "");
    assert_eq!((both.code, both.out.as_str()), (2, ""), "{both:?}");
}

#[test]
fn stdin_goes_to_stdout() {
    let place = Place::new();
    let said = place.fmt(&["-"], UNTIDY);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, TIDY, ""));
    let said = place.fmt(&["-"], TIDY);
    assert_eq!((said.code, said.out.as_str()), (0, TIDY));
    let said = place.fmt(&["--check", "-"], UNTIDY);
    assert_eq!((said.code, said.out.as_str()), (1, "-\n"));
    assert_eq!(place.fmt(&["--check", "-"], TIDY).code, 0);
    let said = place.fmt(&["--diff", "-"], UNTIDY);
    assert!(said.code == 1 && said.out.starts_with("--- a/-\n"), "{said:?}");
    let said = place.fmt(&["-"], BROKEN);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "a broken text gives none");
    assert!(said.err.contains("error[E0003]"), "{said:?}");
    let said = place.fmt(&["-"], "");
    assert_eq!((said.code, said.out.as_str()), (0, ""));
}

#[test]
fn behind_a_semicolon_that_begins_a_line_a_line_begins() {
    let said = Place::new().fmt(&["-"], "input 8x8x3\n; maxpool 2/2\n;relu; flatten;");
    assert_eq!(said.out, "input 8x8x3;\nmaxpool 2/2;\nrelu;  flatten;\n");
}

#[test]
fn what_cannot_be_formatted_does_not_keep_the_others_from_it() {
    let place = Place::new();
    place.write("broken.cnn", BROKEN);
    let said = place.fmt(&["."], "");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("error[E0003]"), "{said:?}");
    assert!(
        said.err.ends_with("2 files formatted, 1 file in canonical form, 1 file with errors left alone\n")
    );
    assert_eq!(place.read("broken.cnn"), BROKEN);
    assert_eq!(place.read("untidy.cnn"), TIDY);
    // A file that is missing, or no text, is a matter of the environment.
    place.write("untidy.cnn", UNTIDY);
    let said = place.fmt(&["missing.cnn", "untidy.cnn"], "");
    assert_eq!(said.code, 3);
    assert!(said.err.contains("missing.cnn"), "{said:?}");
    assert_eq!(place.read("untidy.cnn"), TIDY);
    std::fs::write(place.path("latin.cnn"), b"relu; # caf\xe9\n").unwrap();
    let said = place.fmt(&["latin.cnn"], "");
    assert_eq!(said.code, 3);
    assert!(said.err.contains("`latin.cnn` is not UTF-8 at byte 11"), "{said:?}");
    assert_eq!(place.fmt(&["--chek"], "").code, 2);
}

#[test]
fn a_model_that_is_wrong_is_formatted_all_the_same() {
    let place = Place::new();
    place.write("wrong.cnn", "input 8x8x3;  conv 3x3x4 ->  1x1x1");
    let said = place.fmt(&["wrong.cnn"], "");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.read("wrong.cnn"), "input 8x8x3;  conv 3x3x4  -> 1x1x1;\n");
}

#[test]
fn byte_order_marks_and_foreign_ends_of_lines_go() {
    let place = Place::new();
    let foreign = UNTIDY.replace('\n', "\r\n");
    place.write("windows.cnn", &format!("\u{feff}{foreign}"));
    place.write("unended.cnn", TIDY.trim_end());
    assert_eq!(place.fmt(&["windows.cnn", "unended.cnn"], "").code, 0);
    assert_eq!((place.read("windows.cnn"), place.read("unended.cnn")), (TIDY.into(), TIDY.into()));
}

#[cfg(unix)]
#[test]
fn a_file_is_replaced_whole_and_keeps_its_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let place = Place::new();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let untidy = place.path("untidy.cnn");
    std::fs::set_permissions(&untidy, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("untidy.cnn", place.path("link.cnn")).unwrap();
    // The old file is never written into: another name of it keeps the old text.
    std::fs::hard_link(&untidy, place.path("old.text")).unwrap();
    let said = place.fmt(&["link.cnn"], "");
    assert_eq!((said.code, said.err.as_str()), (0, "1 file formatted\n"));
    assert_eq!(std::fs::read_link(place.path("link.cnn")).unwrap(), Path::new("untidy.cnn"));
    assert_eq!((place.read("untidy.cnn"), place.read("old.text")), (TIDY.into(), UNTIDY.into()));
    assert_eq!(mode(&untidy), 0o640);
    // A file in canonical form is not written at all.
    let written = || std::fs::metadata(&untidy).unwrap().modified().unwrap();
    let before = written();
    assert_eq!(place.fmt(&["untidy.cnn"], "").code, 0);
    assert_eq!(written(), before);
}
