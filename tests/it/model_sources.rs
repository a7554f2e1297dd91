//! A model is a source like any other: every command takes an `.onnx` file where it takes a `.cnn` file, or refuses it
//! with a sentence.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use cnnc::weights::npy;

use super::predictions::cnnc;

/// What a command does with a model among its words: it ends with the code and says the words, on stdout or stderr.
struct Use {
    words: &'static [&'static str],
    code: i32,
    says: &'static str,
}

const fn takes(words: &'static [&'static str], says: &'static str) -> Use {
    Use { words, code: 0, says }
}

const fn refuses(words: &'static [&'static str], says: &'static str) -> Use {
    Use { words, code: 2, says }
}

const USES: &[Use] = &[
    takes(&["check", "m.onnx"], ""),
    takes(&["check", "m.onnx", "net.cnn", "--baseline", "figures.txt", "--update"], ""),
    takes(&["check", "m.onnx", "net.cnn", "--baseline", "figures.txt"], ""),
    takes(&["check", "m.onnx", "--max", "params=2593"], ""),
    Use {
        words: &["check", "m.onnx", "--max", "params=2592"],
        code: 1,
        says: "`params` is 2 593, over its budget of 2 592\n  ┌─ m.onnx (imported):7:9",
    },
    Use { words: &["check", "m.onnx", "--max", "params=1", "--format", "json"], code: 1, says: "\"E0404\"" },
    refuses(&["check", "--fix", "m.onnx"], "`--fix` beside `m.onnx`, which is a model and no text"),
    refuses(&["fmt", "m.onnx"], "`m.onnx` is an ONNX model: it has no text to format"),
    refuses(&["fmt", "--check", "net.cnn", "m.onnx"], "`m.onnx` is an ONNX model"),
    takes(&["m.onnx"], "params       2 593"),
    takes(&["report", "m.onnx"], "layer1.0"),
    takes(&["report", "m.onnx", "--format", "json"], "\"params\": 2593"),
    takes(&["report", "m.onnx", "--format", "html"], "layer1.0.conv1"),
    takes(&["report", "m.onnx", "--input-size", "16x16"], "16x16x3 → 5"),
    takes(&["diff", "m.onnx", "net.cnn"], "no change"),
    takes(&["diff", "net.cnn", "m.onnx"], "no change"),
    takes(&["diff", "m.onnx", "m.onnx"], "no change"),
    takes(&["diff", "git:HEAD:m.onnx", "m.onnx"], "no change"),
    takes(&["diff", "git:HEAD:old.onnx", "m.onnx"], "2.59 k"),
    takes(&["diff", "HEAD", "m.onnx"], "no change"),
    takes(&["diff", "m.onnx"], "no change"),
    refuses(&["init", "m.onnx"], "unexpected argument 'm.onnx'"),
    takes(&["run", "m.onnx", "--input", "x.npy"], ""),
    takes(&["bench", "m.onnx", "--runs", "1"], "batch 1"),
    takes(&["weights", "m.onnx"], "layer2.0.downsample.1.running_var"),
    takes(&["weights", "m.onnx", "--against", "net.safetensors"], "`net.safetensors` fits `m`"),
    takes(&["graph", "m.onnx"], "digraph \"m\""),
    takes(&["graph", "m.onnx", "--format", "svg"], "<svg"),
    takes(&["import", "m.onnx"], "network m {"),
    takes(&["export", "m.onnx", "--to", "pytorch"], "class M(nn.Module):"),
    takes(&["export", "m.onnx", "--to", "onnx", "-o", "again.onnx"], ""),
    takes(&["dump", "m.onnx", "--after", "parse"], "network"),
    takes(&["dump", "m.onnx", "--after", "expand"], "layer1.0"),
    takes(&["dump", "m.onnx", "--after", "check"], "layer1.0"),
    takes(&["dump", "m.onnx", "--after", "lower"], "plan of m"),
    refuses(&["explain", "m.onnx"], "there is no diagnostic code `m.onnx`"),
    refuses(&["ops", "m.onnx"], "there is no operator `m.onnx`"),
    refuses(&["guide", "m.onnx"], "the guide has no topic `m.onnx`"),
    refuses(&["zoo", "m.onnx"], "the zoo has no network `m.onnx`"),
    refuses(&["lsp", "m.onnx"], "unexpected argument 'm.onnx'"),
    refuses(&["completions", "m.onnx"], "invalid value 'm.onnx'"),
    refuses(&["man", "m.onnx"], "there is no command `m.onnx`"),
    refuses(&["help", "m.onnx"], "unrecognized subcommand 'm.onnx'"),
];

/// A repository with a model, its text and its weights, an input, and another model in its last commit.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx");
    fs::copy(fixtures.join("residual.onnx"), path.join("m.onnx")).unwrap();
    fs::copy(fixtures.join("shuffle.onnx"), path.join("old.onnx")).unwrap();
    let (code, _, said) = cnnc(path, &["import", "m.onnx", "-o", "net.cnn"]);
    assert_eq!(code, 0, "{said}");
    let picture = ndarray::ArrayD::from_elem(vec![1, 3, 8, 8], 0.5f32);
    npy::write_f32(&mut fs::File::create(path.join("x.npy")).unwrap(), picture.view(), "x").unwrap();
    git(path, "git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm x");
    folder
}

fn git(folder: &Path, command: &str) {
    let made = Command::new("sh").args(["-c", command]).current_dir(folder).status().unwrap();
    assert!(made.success(), "{command}");
}

#[test]
fn every_command_takes_a_model_or_says_why_not() {
    let root = cnnc::cli::command();
    let commands = root.get_subcommands().map(clap::Command::get_name).chain(["help"]);
    let told: BTreeSet<&str> = USES.iter().map(|one| one.words[0]).collect();
    let untold: Vec<&str> = commands.filter(|name| !told.contains(name)).collect();
    assert!(untold.is_empty(), "what these do with a model stands nowhere: {untold:?}");
    let folder = folder();
    let mut wrong = Vec::new();
    for Use { words, code, says } in USES {
        let (found, out, said) = cnnc(folder.path(), words);
        // What is refused says nothing of bytes that are no text.
        if found != *code || !(out.contains(says) || said.contains(says)) || said.contains("UTF-8") {
            let out: String = out.chars().take(600).collect();
            wrong.push(format!("{words:?} ends with {found} and does not say `{says}`: {out}{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The figures of a model and of the text that its import makes are the same in every form.
#[test]
fn a_model_and_its_text_have_the_same_figures() {
    let folder = folder();
    let path = folder.path();
    for words in [
        &["report", "--format", "csv"][..],
        &["graph"],
        &["export", "--to", "pytorch"],
        &["weights"],
        &["dump", "--after", "expand"],
    ] {
        let of = |file: &str| cnnc(path, &[&words[..1], &[file], &words[1..]].concat());
        let (model, text) = (of("m.onnx"), of("net.cnn"));
        let without_name = |text: &str| text.replace("m.onnx (imported)", "net.cnn");
        assert_eq!((model.0, without_name(&model.1)), (text.0, text.1), "{words:?}");
    }
    let run = |words: &[&str]| cnnc(path, &[&["run"], words, &["--input", "x.npy"]].concat());
    assert_eq!(run(&["m.onnx"]).1, run(&["net.cnn", "--weights", "net.safetensors"]).1);
}

#[test]
fn models_of_a_project_are_checked_and_not_formatted() {
    let folder = folder();
    let path = folder.path();
    let project =
        "files = [\"*.onnx\", \"*.cnn\"]\n[[networks]]\nfiles = [\"m.onnx\"]\nmax = { params = LIMIT }\n";
    fs::create_dir(path.join("below")).unwrap();
    for (limit, expected) in [("\"2.6K\"", 0), ("2592", 1)] {
        fs::write(path.join("cnnc.toml"), project.replace("LIMIT", limit)).unwrap();
        // From a folder below, the paths of the project are others than those of the process.
        for here in [path.to_path_buf(), path.join("below")] {
            for words in [&["check"][..], &["check", "--fix"]] {
                let (code, out, said) = cnnc(&here, words);
                assert_eq!(code, expected, "{words:?} with {limit}: {out}{said}");
                assert!(said.contains("3 networks in 3 files"), "{said}");
                assert_eq!(said.contains("over its budget of 2 592"), expected == 1, "{said}");
            }
        }
    }
    let (code, _, said) = cnnc(path, &["fmt", "--check"]);
    assert_eq!((code, said.as_str()), (0, "1 file in canonical form\n"));
}

#[test]
fn a_revision_has_models_of_any_size_and_of_any_kind() {
    let folder = folder();
    let path = folder.path();
    // Larger than a source may be: the reader of git stops there for texts.
    let weights = vec![0u8; 5 << 20];
    let padded =
        [fs::read(path.join("m.onnx")).unwrap(), super::hostile_models::message(999, &weights)].concat();
    fs::write(path.join("large.onnx"), padded).unwrap();
    fs::write(path.join("pointer.onnx"), "version https://git-lfs.github.com/spec/v1\n").unwrap();
    git(path, "ln -s m.onnx link.onnx && git add -A && git -c user.name=a -c user.email=a@b commit -qm y");
    for model in ["large.onnx", "link.onnx"] {
        let (code, out, said) = cnnc(path, &["diff", &format!("git:HEAD:{model}"), "m.onnx"]);
        assert_eq!(code, 0, "{said}");
        assert!(out.contains("no change"), "{model}: {out}{said}");
    }
    for (place, wanted) in [
        ("git:HEAD:pointer.onnx", "`pointer.onnx` is no readable ONNX model"),
        ("git:HEAD:absent.onnx", "git cannot read `HEAD:absent.onnx`"),
    ] {
        let (code, _, said) = cnnc(path, &["diff", place, "m.onnx"]);
        assert_eq!(code, 3, "{place}: {said}");
        assert!(said.contains(wanted), "{place}: {said}");
    }
}

#[test]
fn an_exported_model_names_the_text_that_it_was_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir_all(path.join("nets/parts")).unwrap();
    let block = "block b(c) { conv 3x3x(c) same relu; }\r\n";
    let root = "use \"parts/blocks.cnn\";\nnetwork n { input 8x8x3; b(4); }\n";
    fs::write(path.join("nets/parts/blocks.cnn"), block).unwrap();
    fs::write(path.join("nets/n.cnn"), root).unwrap();
    let (code, _, said) =
        cnnc(path, &["export", "nets/n.cnn", "--to", "onnx", "--seed", "1", "-o", "n.onnx"]);
    assert_eq!(code, 0, "{said}");
    let bytes = fs::read(path.join("n.onnx")).unwrap();
    let digest = |text: &str| {
        let bytes = hmac_sha256::Hash::hash(text.as_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let lines = format!("{}  n.cnn\n{}  parts/blocks.cnn", digest(root), digest(block));
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("source.sha256") && has(&lines), "{lines}");
    assert!(has("cnnc.version") && has(env!("CARGO_PKG_VERSION")));
    // `sha256sum` agrees, where there is one.
    fs::write(path.join("nets/digests"), &lines).unwrap();
    if let Ok(output) =
        Command::new("sha256sum").args(["-c", "digests"]).current_dir(path.join("nets")).output()
    {
        assert!(output.status.success());
    }
}
