//! Every pair of options of every command, as clap declares them: the second has its effect beside the first, or the
//! pair is refused with a sentence. An option that is declared anew and stands in no walk fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rayon::prelude::*;

const HEAD: &str = "let k = 4;
block pair(n) { conv 3x3x(n) same relu; conv 3x3x(n) same bn relu; }
";

/// A network with repeated blocks, several rows, outputs of both kinds, parameters, and a constant that nothing uses.
fn network() -> String {
    format!(
        "let unused = 1;
{HEAD}network main(classes = 3) {{
    input 16x16x3; pair(k) * 3 as s[]; aux < conv 1x1x3 sigmoid > as seen; conv 2x2x4 same; maxpool 2/2;
    avgpool global; flatten; dense (classes);
}}
network other {{
    input 16x16x3; conv 2x2x(k) same; aux < conv 1x1x3 sigmoid > as seen; avgpool global; flatten; dense 3;
}}
"
    )
}

/// The same networks with other names, further tensors or fewer, for weights that do not fit as they are.
fn relatives() -> [(&'static str, String); 4] {
    let main = |body: &str| format!("{HEAD}network main(classes = 3) {{ input 16x16x3; {body} }}\n");
    let parts = |scope: &str, fc: &str, aux: &str| {
        format!(
            "pair(k) * 3{scope}; aux < conv 1x1x3 sigmoid > as {aux}; conv 2x2x4 same; maxpool 2/2; avgpool global; flatten; \
             dense (classes){fc};"
        )
    };
    [
        ("prefixed", main(&format!("[ {} ] as module;", parts(" as s[]", "", "seen")))),
        ("extra", main(&(parts(" as s[]", "", "seen") + " scale;"))),
        ("ordered", main(&parts("", " as fc", "view"))),
        (
            "trunk",
            main(
                "pair(k) * 3 as s[]; aux < conv 1x1x3 sigmoid > as seen; conv 2x2x4 same; maxpool 2/2; avgpool global; flatten;",
            ),
        ),
    ]
}

const DEVICE: &str = "name = \"d\"\nsource = \"s\"\nbandwidth = \"320G\"\n[peak]\nf32 = \"8.1T\"\nf16 = \"16T\"\nint8 = \"32T\"\n";

/// Words of the command line that belong together, by the option that they give.
pub(crate) type Group = (&'static str, &'static [&'static str]);

/// All words behind a command, by the options that they give.
type Words = Vec<(String, Vec<String>)>;

/// How an option is given.
#[derive(Clone)]
struct Specimen {
    option: String,
    /// So that its effect is seen.
    loud: Vec<String>,
    /// So that the effects of others are seen beside it.
    quiet: Vec<String>,
    /// What it needs beside it; its effect is the difference to these alone.
    beside: &'static [Group],
}

/// One way to use a command, whose options are then given in pairs.
pub(crate) struct Walk<'a> {
    pub(crate) base: &'static [Group],
    /// Options with their words, beside those that clap enumerates.
    pub(crate) ways: Vec<Way>,
    /// Options that are walked elsewhere, because they cannot be seen here.
    pub(crate) without: &'a [&'static str],
}

/// An option with words that give it.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    id: &'static str,
    loud: &'static [&'static str],
    quiet: &'static [&'static str],
    beside: &'static [Group],
}

/// An option whose words hide no other.
pub(crate) const fn way(id: &'static str, words: &'static [&'static str]) -> Way {
    Way { id, loud: words, quiet: words, beside: &[] }
}

/// Options whose effect no output shows, and why.
const UNSEEN: &[(&str, &str, &str)] = &[
    ("*", "color=never", "what is no terminal has no colours anyway"),
    ("report", "fold=never", "what is no terminal is not folded anyway"),
    ("check", "threads", "the same findings, sooner"),
    ("run", "threads", "the same numbers, sooner"),
    ("run", "batch", "the same numbers with more memory"),
    ("run", "exact", "the last bits of numbers, where an algorithm rounds more"),
    ("bench", "exact", "the time, where another algorithm is faster"),
    ("bench", "threads", "the time"),
    ("bench", "seed", "the time does not depend on the weights"),
    ("bench", "random_bn", "the time does not depend on the weights"),
];

/// Pairs in which the first hides the effect of the second, and why. `*` is any.
const HIDDEN: &[(&str, &str, &str, &str)] = &[
    ("report", "format=csv", "exact", "the figures of CSV are exact without being asked"),
    ("report", "format=latex", "exact", "the figures are exact without being asked"),
    ("report", "explain", "set=classes=7", "the arithmetic of a layer that does not depend on it"),
    ("report", "network=other", "fold", "it has no blocks that repeat"),
    ("bench", "on_demand", "*", "the answers are times"),
    ("check", "baseline", "update", "a baseline that has these figures is written as it was"),
    ("check", "update", "baseline", "it needs one"),
    ("check", "diff", "fix", "it needs it"),
    ("check", "diff", "deny_warnings", "the error that would be mended is left"),
    ("check", "diff", "max", "what has an error has no figures"),
    ("check", "*", "network=main", "the text has one network"),
    ("check", "network=main", "max", "what has an error has no figures"),
    ("check", "network=main", "deny_warnings", "what has an error fails anyway"),
    ("diff", "network=main", "color", "what has errors is not compared"),
    ("check", "network=other", "no_config", "the constant is no finding of one network"),
    ("check", "text", "no_config", "a text has no project"),
    ("weights", "against", "weights_by", "the file fits in any case"),
    ("weights", "against", "weights_prefix", "the file fits in any case"),
    ("weights", "against", "ignore_unused", "the file fits in any case"),
    ("*", "weights", "weights_by", "the file fits in any case"),
    ("*", "weights", "weights_prefix", "the file fits in any case"),
    ("*", "weights", "ignore_unused", "the file fits in any case"),
    ("*", "weights", "seed", "nothing is missing"),
    ("*", "network=other", "random_bn", "it has no batch normalisation"),
    ("weights", "*", "seed", "it needs it"),
    ("weights", "text", "input_size", "no tensor depends on it"),
];

/// Pairs that cannot be given, because one needs a third that refuses the other.
const APART: &[(&str, &str, &str)] = &[
    ("check", "text", "diff"),
    ("run", "random_bn", "weights_by"),
    ("run", "random_bn", "weights_prefix"),
    ("run", "random_bn", "ignore_unused"),
    ("export", "random_bn", "weights_by"),
    ("export", "random_bn", "weights_prefix"),
    ("export", "random_bn", "ignore_unused"),
    ("export", "no_weights", "weights_by"),
    ("export", "no_weights", "weights_prefix"),
    ("export", "no_weights", "ignore_unused"),
    ("export", "no_weights", "random_bn"),
];

/// Pairs that are not walked, because each of their runs measures the machine for half a second. `set` and `batch` are
/// walked in their place.
const SLOW: (&str, &[&str], &[&str]) = (
    "bench",
    &["format", "per_layer", "trace", "runs", "on_demand"],
    &[
        "text",
        "network",
        "input_size",
        "color",
        "threads",
        "weights",
        "weights_by",
        "weights_prefix",
        "ignore_unused",
        "seed",
        "random_bn",
        "max_memory",
        "exact",
        "precision",
        "on_demand",
    ],
);

/// What a run gives: exit code, stdout, stderr, and the files that it wrote.
type Given = (i32, String, String, BTreeMap<String, Vec<u8>>);

/// The files that every run starts with.
struct Files(BTreeMap<String, Vec<u8>>);

impl Way {
    /// The words that let the effects of others be seen.
    pub(crate) const fn quiet(self, words: &'static [&'static str]) -> Way {
        Way { quiet: words, ..self }
    }

    /// What it needs beside it.
    pub(crate) const fn beside(self, needs: &'static [Group]) -> Way {
        Way { beside: needs, ..self }
    }
}

impl Files {
    fn new() -> Files {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let text = network();
        let one = text.split("network other").next().unwrap().to_owned();
        let partly = one.clone() + "network bad(classes = 3) { input 16x16x3; conv 3x3x4; dense 5; }\n";
        let old = "network main(classes = 3) { input 16x16x3; conv 1x1x4; avgpool global; flatten; dense (classes); }\n";
        let texts = [
            ("n.cnn", text.as_str()),
            ("old.cnn", old),
            ("partly.cnn", partly.as_str()),
            ("broken.cnn", "network main(classes = 3) { input 16x16x3 conv 3x3x4 smae; }}\n"),
            ("one.cnn", one.as_str()),
            ("slip.cnn", "network main(classes = 3) { input 16x16x3; conv 2x2x4 smae; }\n"),
            ("wide.cnn", "input   16x16x3;   conv 3x3x4;"),
            ("d.toml", DEVICE),
            (
                "wrong.txt",
                "# cnnc baseline 1, x.

[n.cnn#main]
params: 1
",
            ),
            ("cnnc.toml", "[lints]\nW0102 = \"allow\"\n"),
            ("c.toml", "[lints]\nW0204 = \"allow\"\n"),
        ];
        for (name, text) in texts {
            fs::write(path.join(name), text).unwrap();
        }
        for name in ["open_extents", "residual"] {
            let model = format!("{}/tests/fixtures/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
            fs::copy(model, path.join(name).with_extension("onnx")).unwrap();
        }
        fs::write(path.join("a.npy"), npy(&[1, 3, 16, 16], 1)).unwrap();
        fs::write(path.join("c.npy"), npy(&[1, 3, 16, 16], 2)).unwrap();
        fs::write(path.join("l.npy"), npy(&[1, 16, 16, 3], 3)).unwrap();
        let run = |words: &[&str]| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_cnnc"));
            let output = program.args(words).current_dir(path).output().unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let weights = |name: &str, text: &str, seed: &str| {
            let file = format!("{name}.npz");
            run(&["weights", "-e", text, "--network", "main", "--seed", seed, "--output", &file]);
        };
        for network in ["main", "other"] {
            run(&["report", "n.cnn", "--network", network, "--save-baseline", "b.txt"]);
        }
        weights("w", &network(), "7");
        weights("v", &network(), "8");
        relatives().iter().for_each(|(name, text)| weights(name, text, "7"));
        Files(read(path))
    }
}

/// An array of small numbers.
pub(crate) fn npy(shape: &[usize], seed: usize) -> Vec<u8> {
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", dims.join(", "));
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    let count: usize = shape.iter().product();
    (0..count)
        .for_each(|index| bytes.extend((((index * 37 + seed * 11) % 101) as f32 / 101.0).to_le_bytes()));
    bytes
}

/// The files of a folder and of those in it, by path.
fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(
                read(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)),
            );
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// A text without what differs from run to run: the times of `bench`, which have a fraction or a percent sign.
fn steady(command: &str, text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).into_owned();
    if command != "bench" {
        return text;
    }
    let is_time = |word: &str| {
        let number = word.trim_matches(|one: char| !one.is_ascii_digit());
        (number.contains('.') && number.parse::<f64>().is_ok()) || word.ends_with('%')
    };
    let words = text.split([' ', '\n', ',']).filter(|word| !word.is_empty() && !is_time(word));
    let mut words: Vec<&str> = words.collect();
    // The share of the peak stands before its sign.
    while let Some(at) = words.iter().position(|word| *word == "%") {
        words.drain(at.saturating_sub(1)..=at);
    }
    words.join(" ")
}

fn run(files: &Files, command: &str, groups: &Words) -> Given {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &files.0 {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .arg(command)
        .args(groups.iter().flat_map(|(_, words)| words))
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut written = read(folder.path());
    written.retain(|name, bytes| files.0.get(name) != Some(bytes));
    for bytes in written.values_mut() {
        *bytes = steady(command, bytes).into_bytes();
    }
    let code = output.status.code().unwrap_or_else(|| panic!("{command} {groups:?} was stopped by a signal"));
    (code, steady(command, &output.stdout), String::from_utf8_lossy(&output.stderr).into_owned(), written)
}

/// The words of a command with further groups: an option that is there already is given anew, a text instead of files.
fn with(groups: &Words, option: &str, words: &[String]) -> Words {
    let alias = |id: &str| if id == "text" || id == "files" { "file".to_owned() } else { id.to_owned() };
    let mut groups = groups.to_vec();
    match groups.iter_mut().find(|(id, _)| alias(id) == alias(option)) {
        Some(group) => *group = (option.to_owned(), words.to_vec()),
        None => groups.push((option.to_owned(), words.to_vec())),
    }
    groups
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Adds what an option needs.
fn with_needs(groups: &Words, needs: &[Group]) -> Words {
    needs.iter().fold(groups.to_vec(), |groups, (id, words)| with(&groups, id, &owned(words)))
}

/// `--format` and its value: `format=json`.
fn described(specimen: &Specimen) -> String {
    let is_value = |word: &&String| !word.starts_with('-') && !word.contains('\n');
    let value = specimen.loud.iter().filter(is_value).map(String::as_str).collect::<Vec<_>>().join(",");
    if value.is_empty() { specimen.option.clone() } else { format!("{}={value}", specimen.option) }
}

fn is_named(pattern: &str, specimen: &Specimen) -> bool {
    pattern == "*" || pattern == specimen.option || pattern == described(specimen)
}

/// The specimens of a walk: what it says, and each value that clap enumerates.
fn specimens(walk: &Walk<'_>, declared: &clap::Command) -> Vec<Specimen> {
    let mut all = Vec::new();
    for argument in declared.get_arguments().filter(|argument| is_walked(argument)) {
        let id = argument.get_id().as_str();
        if walk.without.contains(&id) {
            continue;
        }
        let said: Vec<&Way> = walk.ways.iter().filter(|one| one.id == id).collect();
        all.extend(said.iter().map(|one| Specimen {
            option: id.to_owned(),
            loud: owned(one.loud),
            quiet: owned(one.quiet),
            beside: one.beside,
        }));
        let default = argument.get_default_values().first().cloned();
        let values = if said.is_empty() { argument.get_possible_values() } else { Vec::new() };
        let of_base =
            walk.base.iter().find(|(known, _)| *known == id).and_then(|(_, words)| words.last().copied());
        for value in values {
            let name = value.get_name();
            if default.as_ref().is_some_and(|default| default == name) || of_base == Some(name) {
                continue;
            }
            let words = match argument.get_long() {
                Some(long) => vec![format!("--{long}"), name.to_owned()],
                None => vec![name.to_owned()],
            };
            if argument.get_action().takes_values() {
                all.push(Specimen { option: id.to_owned(), loud: words.clone(), quiet: words, beside: &[] });
            }
        }
    }
    all
}

fn is_walked(argument: &clap::Arg) -> bool {
    !matches!(argument.get_id().as_str(), "help" | "version")
}

/// What a walk found: for each pair whether the second is seen beside the first, or refused.
#[derive(Default)]
struct Found {
    pairs: BTreeMap<(String, String), bool>,
    /// Options that were given, by their ids in pairs.
    walked: BTreeSet<(String, String)>,
    wrong: Vec<String>,
}

/// Walks all pairs of one way to use a command.
fn walk(files: &Files, command: &str, walk: &Walk<'_>, declared: &clap::Command) -> Found {
    let base: Words = walk.base.iter().map(|(id, words)| ((*id).to_owned(), owned(words))).collect();
    let base_run = run(files, command, &base);
    assert_ne!(base_run.0, 2, "{command} {base:?} is refused: {}", base_run.2);
    let specimens = specimens(walk, declared);
    let mut found = Found::default();
    found.wrong.par_extend(specimens.par_iter().filter_map(|one| {
        let needed = with_needs(&base, one.beside);
        let quiet = run(files, command, &with(&needed, &one.option, &one.quiet));
        let fails = quiet.0 == 2 && !quiet.2.contains("says nothing beside");
        fails.then(|| format!("{command}: {} fails alone: {}", described(one), quiet.2))
    }));
    // For each pair what is given before and after the second.
    let mut pairs = Vec::new();
    for first in &specimens {
        for second in specimens.iter().filter(|second| second.option != first.option) {
            let needed = with_needs(&with_needs(&base, first.beside), second.beside);
            let before = with(&needed, &first.option, &first.quiet);
            let after = with(&before, &second.option, &second.loud);
            pairs.push((first, second, before, after));
        }
    }
    let all: BTreeSet<&Words> = pairs.iter().flat_map(|(_, _, before, after)| [before, after]).collect();
    let runs: BTreeMap<&Words, Given> =
        all.into_par_iter().map(|words| (words, run(files, command, words))).collect();
    let seen = pairs.iter().map(|(first, second, before, after)| {
        let (before, after) = (&runs[before], &runs[after]);
        assert!(after.0 < 4, "{command} {} {}: {}", described(first), described(second), after.2);
        // What is refused, or fails for want of weights, was not dropped; neither was what such a run comes before.
        let is_seen = before.0 == 3 || if after.0 == 2 { after.2.contains("error") } else { before != after };
        ((described(first), described(second)), is_seen || is_hidden(command, first, second))
    });
    found.pairs = seen.collect();
    let of_base = walk.base.iter().map(|(option, _)| *option);
    let options: BTreeSet<&str> = specimens.iter().map(|one| one.option.as_str()).chain(of_base).collect();
    found.walked = options
        .iter()
        .flat_map(|&first| options.iter().map(move |&second| (first.to_owned(), second.to_owned())))
        .collect();
    found
}

/// Whether it is known that the second cannot be seen, at all or beside the first.
fn is_hidden(command: &str, first: &Specimen, second: &Specimen) -> bool {
    let unseen =
        |(of, option, _): &(&str, &str, &str)| (*of == command || *of == "*") && is_named(option, second);
    let hidden = |(of, by, which, _): &(&str, &str, &str, &str)| {
        (*of == command || *of == "*") && is_named(by, first) && is_named(which, second)
    };
    UNSEEN.iter().any(unseen) || HIDDEN.iter().any(hidden)
}

/// Walks a command in all the ways that stand here, and asks for every pair of its options.
pub(crate) fn walk_all(command: &'static str, walks: &[Walk<'_>]) {
    let program = cnnc::cli::command();
    let declared = program.find_subcommand(command).unwrap();
    // What `init` writes must not be there.
    let files = if command == "init" { Files(BTreeMap::new()) } else { Files::new() };
    let mut all = Found::default();
    for one in walks {
        let found = walk(&files, command, one, declared);
        for (pair, seen) in found.pairs {
            *all.pairs.entry(pair).or_default() |= seen;
        }
        all.walked.extend(found.walked);
        all.wrong.extend(found.wrong);
    }
    let dropped = all.pairs.iter().filter(|(_, seen)| !**seen);
    all.wrong.extend(dropped.map(|((first, second), _)| format!("{command}: {first} drops {second}")));
    let conflicts = |first: &clap::Arg, second: &clap::Arg| {
        declared.get_arg_conflicts_with(first).iter().any(|one| one.get_id() == second.get_id())
    };
    let options: Vec<_> = declared.get_arguments().filter(|one| is_walked(one)).collect();
    let given_by_base = |id: &str| walks.iter().all(|one| one.base.iter().any(|(known, _)| *known == id));
    for (index, first) in options.iter().enumerate() {
        for second in &options[index + 1..] {
            let (a, b) = (first.get_id().as_str(), second.get_id().as_str());
            let refused = conflicts(first, second) || conflicts(second, first);
            let is_walked = all.walked.contains(&(a.to_owned(), b.to_owned()));
            let (of, some, others) = SLOW;
            let is_slow =
                of == command && [(a, b), (b, a)].iter().any(|(a, b)| some.contains(a) && others.contains(b));
            let is_apart = APART.iter().any(|one| [(command, a, b), (command, b, a)].contains(one));
            if !is_walked && !is_slow && !is_apart && !refused && !given_by_base(a) && !given_by_base(b) {
                all.wrong.push(format!("{command}: no walk has `{a}` beside `{b}`"));
            }
        }
    }
    all.wrong.sort();
    assert!(all.wrong.is_empty(), "{} findings\n{}", all.wrong.len(), all.wrong.join("\n"));
}
