//! A pull request from beginning to end, in a git repository of its own, with the very commands of
//! `docs/ci/github.yml`: the base commit, a change that doubles a stage, annotations, summary, exit codes, and
//! the comment that replaces an earlier one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cnnc::project::Project;

const NET: &str = "network net {
    input 32x32x3;
    conv 3x3x16 same bn relu       as stem;
    [conv 3x3x32 same bn relu * 2] as stage[];
    avgpool global;
    flatten;
    dense 10 as head;
}
";

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path.as_ref())
        .unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// The script of the step `name` of a workflow.
fn script(workflow: &str, name: &str) -> String {
    let step = workflow.split("- name: ").find(|step| step.starts_with(&format!("{name}\n"))).unwrap();
    let body = step.split_once("run: |\n").unwrap().1;
    let indent = body.len() - body.trim_start().len();
    let lines =
        body.lines().take_while(|line| line.is_empty() || line.len() - line.trim_start().len() >= indent);
    lines.map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n").collect()
}

/// A repository, a folder of programs that come first, and the file of the summary.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        for folder in ["repository", "programs"] {
            std::fs::create_dir(place.path(folder)).unwrap();
        }
        std::fs::copy(env!("CARGO_BIN_EXE_cnnc"), place.path("programs/cnnc")).unwrap();
        for arguments in [
            &["init", "-q", "-b", "main"][..],
            &["config", "user.email", "a@example.com"],
            &["config", "user.name", "A"],
        ] {
            place.git(arguments);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path("repository").join(name), text).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.path("programs").display(), std::env::var("PATH").unwrap());
        command.current_dir(self.path("repository")).env("PATH", path).stdin(Stdio::null());
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(variable);
        }
        command.env("GITHUB_STEP_SUMMARY", self.path("summary.md")).env("NO_COLOR", "1");
        command
    }

    fn git(&self, arguments: &[&str]) {
        let output = self.command("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// Runs a script as GitHub does.
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = self.command("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.envs(variables.iter().copied()).output().unwrap()
    }

    fn cnnc(&self, arguments: &[&str]) -> Output {
        self.command("cnnc").args(arguments).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_pull_request_is_annotated_compared_and_commented() {
    let place = Place::new();
    place.write("net.cnn", NET);
    assert_eq!(place.cnnc(&["init"]).status.code(), Some(0));
    place.commit("base");
    let workflow = read(place.path("repository/.github/workflows/cnnc.yml"));
    assert_eq!(workflow, read(format!("{DOCS}/ci/github.yml")));
    assert!(workflow.contains("        run: cnnc fmt --check\n"));
    let (check, compare, comment) =
        (script(&workflow, "Check"), script(&workflow, "Compare"), script(&workflow, "Comment"));

    // On the base everything is fine.
    let output = place.run(&check, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert!(read(place.path("summary.md")).contains("### cnnc check: no errors\n\n1 network in 1 file"));

    // The change doubles a stage.
    place.git(&["switch", "-q", "-c", "wider"]);
    place.write("net.cnn", &NET.replace("3x3x32 same", "3x3x64 same"));
    place.commit("wider");
    let output = place.run(&check, &[]);
    assert_eq!(output.status.code(), Some(1));
    let annotations = text(&output.stdout);
    assert_eq!(annotations.lines().count(), 2, "{annotations}");
    for (line, metric) in annotations.lines().zip(["params", "macs"]) {
        let start =
            format!("::error file=net.cnn,line=1,endLine=1,col=9,endColumn=12,title=E0404::`{metric}` is ");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains("%0Amost comes from `stage."), "{line}");
    }
    assert!(read(place.path("repository/cnnc.sarif")).contains("\"id\": \"cnnc/net.cnn#net/\""));

    let output = place.run(&compare, &[("BASE", "main")]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("beyond the gate `params>+5%`"));
    let body = read(place.path("repository/diff.md"));
    let expected = "<!-- cnnc-diff -->
### ❌ cnnc: `net` +32.7 k params (+221.8 %), +33.0 M MACs (+226.3 %), +256 KiB peak memory (+100.0 %)

- ❌ `net`: `params` went from 14.7 k to 47.5 k (+32.7 k +221.8 %), beyond the gate `params>+5%`
";
    assert!(body.starts_with(expected), "{body}");
    assert!(
        body.contains("1. filters 32 → 64 at net.cnn:4: +32.7 k params, +33.0 M macs in 9 layers"),
        "{body}"
    );
    assert!(body.contains("| changed | `stage.0` | conv filters 32 → 64 | 32x32x32 → 32x32x64 |"), "{body}");
    assert!(read(place.path("summary.md")).ends_with(&body));

    // The comment is made once and then replaced. The program of GitHub is played by a script that notes its
    // arguments, and knows of an earlier comment once there is one.
    let gh =
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> ../gh.txt\ncase \"$*\" in *--paginate*) cat ../id.txt;; esac\n";
    std::fs::write(place.path("programs/gh"), gh).unwrap();
    std::fs::write(place.path("id.txt"), "").unwrap();
    let made_executable = place.command("chmod").args(["+x", "../programs/gh"]).status().unwrap();
    assert!(made_executable.success());
    let variables = [("REPOSITORY", "team/nets"), ("NUMBER", "7")];
    for id in ["", "99\n"] {
        std::fs::write(place.path("id.txt"), id).unwrap();
        assert_eq!(place.run(&comment, &variables).status.code(), Some(0));
    }
    let calls = read(place.path("gh.txt"));
    let calls: Vec<&str> = calls.lines().filter(|line| !line.contains("--paginate")).collect();
    assert_eq!(
        calls,
        [
            "pr comment 7 --repo team/nets --body-file diff.md",
            "api --method PATCH repos/team/nets/issues/comments/99 --field body=@diff.md"
        ]
    );
}

#[test]
fn revisions_are_read_through_git() {
    let place = Place::new();
    std::fs::create_dir(place.path("repository/models")).unwrap();
    place.write(
        "models/net.cnn",
        &format!("use \"blocks.cnn\";\n{}", NET.replace("[conv 3x3x32 same bn relu * 2]", "[unit(32) * 2]")),
    );
    place.write("models/blocks.cnn", "block unit(c) {\n    conv 3x3x(c) same bn relu;\n}\n");
    place.commit("base");
    place.write("models/blocks.cnn", "block unit(c) {\n    conv 5x5x(c) same bn relu;\n}\n");
    for (old, new) in [
        ("git:HEAD:models/net.cnn", "models/net.cnn"),
        ("git:HEAD:models", "models"),
        ("git:HEAD:.", "."),
        ("git:HEAD:", "."),
    ] {
        let output = place.cnnc(&["diff", old, new]);
        assert_eq!(output.status.code(), Some(0), "{old}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains("kernel 3 → 5 at "), "{old}: {}", text(&output.stdout));
        assert!(text(&output.stdout).contains("blocks.cnn:2: "), "{old}: {}", text(&output.stdout));
    }
    place.write(
        "models/blocks.cnn",
        "let side = 1;\nblock unit(c) {\n    conv (side)x(side)x(c) same bn relu;\n}\n",
    );
    place.commit("a constant");
    place.write(
        "models/blocks.cnn",
        "let side = 5;\nblock unit(c) {\n    conv (side)x(side)x(c) same bn relu;\n}\n",
    );
    let output = place.cnnc(&["diff", "git:HEAD:models/net.cnn", "models/net.cnn"]);
    assert!(
        text(&output.stdout).contains("kernel 1 → 5 at models/blocks.cnn:1: "),
        "{}",
        text(&output.stdout)
    );
    let inside = place
        .command("cnnc")
        .args(["diff", "git:HEAD:./net.cnn", "net.cnn"])
        .current_dir(place.path("repository/models"))
        .output()
        .unwrap();
    assert_eq!(inside.status.code(), Some(0), "{}", text(&inside.stderr));
    for (old, code) in
        [("git:nothing:models", 3), ("git:HEAD:models/no.cnn", 3), ("git:HEAD", 2), ("git:--help:x", 2)]
    {
        let output = place.cnnc(&["diff", old, "models/net.cnn"]);
        assert_eq!(output.status.code(), Some(code), "{old}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("error[E0703]"), "{old}: {}", text(&output.stderr));
    }
}

#[test]
fn a_starter_is_written_once_and_holds() {
    let place = Place::new();
    place.write("net.cnn", NET);
    place.write("broken.cnn", "input 8x8x1; cnov 3;");
    assert_eq!(place.cnnc(&["init", "--stdout"]).status.code(), Some(0));
    assert!(!place.path("repository/cnnc.toml").exists());
    assert_eq!(place.cnnc(&["init", "--no-workflow"]).status.code(), Some(0));
    assert!(!place.path("repository/.github").exists());
    assert_eq!(place.cnnc(&["init"]).status.code(), Some(2), "nothing is overwritten");
    let project = Project::parse(&read(place.path("repository/cnnc.toml"))).unwrap();
    assert_eq!(project.groups.len(), 1);
    assert_eq!(project.groups[0].network.as_deref(), Some("net"));
    std::fs::remove_file(place.path("repository/broken.cnn")).unwrap();
    assert_eq!(place.cnnc(&["check"]).status.code(), Some(0));
}

#[test]
fn the_page_shows_the_files_as_they_are() {
    let page = read(format!("{DOCS}/ci.md"));
    for name in ["github.yml", "gitlab.yml", "pre-commit.yaml"] {
        let file = read(format!("{DOCS}/ci/{name}"));
        assert!(
            page.contains(&format!("```yaml\n{file}```\n")),
            "docs/ci.md does not show docs/ci/{name} as it is"
        );
    }
    let project = page.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    assert_eq!(Project::parse(project).unwrap().groups[0].variants.len(), 2);
}

#[test]
fn the_commands_of_gitlab_and_of_the_action_run() {
    let place = Place::new();
    place.write("net.cnn", NET);
    place.write("cnnc.toml", "");
    place.commit("base");
    let gitlab = read(format!("{DOCS}/ci/gitlab.yml"));
    let script: String =
        gitlab.split_once("  script:\n").unwrap().1.split_once("  artifacts:").unwrap().0.to_owned();
    for line in script.lines() {
        let line = line.trim().strip_prefix("- ").unwrap();
        let output = place.run(line, &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD")]);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
    }
    for name in ["cnnc.xml", "cnnc-quality.json"] {
        assert!(place.path("repository").join(name).exists(), "{name}");
    }
    let action = self::script(&read(concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml")), "Check");
    let output = place.path("output.txt");
    let variables = [("ARGUMENTS", "--max params=1K"), ("GITHUB_OUTPUT", output.to_str().unwrap())];
    let run = place.run(&action, &variables);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    assert_eq!(read(&output), "sarif=cnnc.sarif\n");
}

#[test]
fn the_installation_of_the_workflow_says_what_is_missing() {
    let place = Place::new();
    place.write("net.cnn", NET);
    place.commit("base");
    let said = place.cnnc(&["init"]);
    assert_eq!(said.status.code(), Some(0));
    assert!(text(&said.stderr).contains("next: set CNNC_REPOSITORY"), "{}", text(&said.stderr));
    let install = script(&read(format!("{DOCS}/ci/github.yml")), "Install");
    let output = place.run(&install, &[("CNNC_REPOSITORY", ""), ("CNNC_VERSION", "v0.2.0")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("::error::CNNC_REPOSITORY is empty"), "{}", text(&output.stdout));
}

#[test]
fn a_network_that_does_not_compile_any_more_is_named_first() {
    let place = Place::new();
    place.write("a.cnn", NET);
    place.write("b.cnn", &NET.replace("net {", "other {"));
    place.commit("base");
    place.write("a.cnn", &NET.replace("conv 3x3x16", "cnov 3x3x16"));
    let markdown = place.cnnc(&["diff", "--format", "markdown"]);
    assert_eq!(markdown.status.code(), Some(1));
    let said = text(&markdown.stdout);
    assert!(said.contains("### ❌ cnnc: 1 network with errors"), "{said}");
    assert!(said.contains("- ❌ `net` does not compile: unknown operator"), "{said}");
    let json: serde_json::Value =
        serde_json::from_slice(&place.cnnc(&["diff", "HEAD", ".", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["failed"][0]["network"], "net");
    assert_eq!(json["failed"][0]["line"], 3);
    let html = text(&place.cnnc(&["diff", "--format", "html"]).stdout);
    assert!(html.contains("<code>net</code> does not compile"), "{html}");
    place.commit("broken");
    place.write("a.cnn", NET);
    let repaired = text(&place.cnnc(&["diff", "--format", "markdown"]).stdout);
    assert!(repaired.contains("- `net` did not compile before"), "{repaired}");
}

#[test]
fn more_than_three_changed_networks_have_an_overview() {
    let place = Place::new();
    let names = ["a", "b", "c", "d"];
    let write = |filters: u32, names: &[&str]| {
        for name in names {
            let text =
                NET.replace("net {", &format!("{name} {{")).replace("3x3x16", &format!("3x3x{filters}"));
            place.write(&format!("{name}.cnn"), &text);
        }
    };
    write(16, &names);
    place.commit("base");
    write(24, &names[..3]);
    let markdown = |place: &Place| text(&place.cnnc(&["diff", "--format", "markdown"]).stdout);
    let heading = "| | params | | MACs | | peak memory | |";
    assert!(!markdown(&place).contains(heading), "three networks need none");
    write(24, &names);
    let said = markdown(&place);
    let overview = said.split_once(heading).expect("an overview").1;
    for name in names {
        assert!(overview.contains(&format!("| `{name}` | +2.54 k | ")), "{said}");
    }
    assert!(text(&place.cnnc(&["diff", "--format", "html"]).stdout).contains("<h2>Overview</h2>"));
}

#[test]
fn budgets_of_the_project_are_shown_with_what_is_left() {
    let place = Place::new();
    place.write("net.cnn", NET);
    place
        .write("cnnc.toml", "[[networks]]\nfiles = [\"*.cnn\"]\nmax = { params = \"20K\", macs = \"1M\" }\n");
    place.commit("base");
    let output = place.cnnc(&["diff", "--format", "markdown"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("### cnnc: no network changed"), "{said}");
    assert!(said.contains("| `net` | `params` | 20.0 k | 14.7 k | 5.25 k left (26.2 %) |"), "{said}");
    assert!(said.contains("| ❌ `net` | `macs` | 1.00 M | "), "{said}");
    let json: serde_json::Value =
        serde_json::from_slice(&place.cnnc(&["diff", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["budgets"][0]["limit"], 20_000);
    assert!(text(&place.cnnc(&["diff", "--format", "html"]).stdout).contains("<h2>Budgets</h2>"));
    place.write("cnnc.toml", "[[networks]]\nfiles = 1\n");
    let output = place.cnnc(&["diff", "--format", "markdown"]);
    assert_eq!(output.status.code(), Some(2), "a broken project is no comparison without budgets");
}

#[test]
fn renamed_files_and_plain_revisions_are_understood() {
    let place = Place::new();
    std::fs::create_dir(place.path("repository/models")).unwrap();
    place.write("models/a.cnn", NET);
    place.write("models/b.cnn", "network b { input 8x8x1; conv 3x3x4; }");
    place.commit("base");
    std::fs::rename(place.path("repository/models/a.cnn"), place.path("repository/models/z.cnn")).unwrap();
    place.write("models/z.cnn", &NET.replace("conv 3x3x16", "conv 5x5x16"));
    for arguments in [&["diff"][..], &["diff", "HEAD"], &["diff", "HEAD", "models"], &["diff", "models"]] {
        let said = text(&place.cnnc(arguments).stdout);
        assert!(said.contains("kernel 3 → 5 at "), "{arguments:?}: {said}");
        assert!(!said.contains("added") && !said.contains("removed"), "{arguments:?}: {said}");
    }
}
