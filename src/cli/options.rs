//! Refuses combinations of options of which one would have no effect.
//!
//! What clap can express about two options (`conflicts_with`, `requires`) stands at their declaration. This table has
//! the rest: values of an option, mostly of `--format`, with which other options do nothing.

use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::diag::{Code, Failure};

/// An option, optionally limited to some of its values, and the options that have no effect beside it.
struct Rule {
    command: &'static str,
    given: &'static str,
    /// The values of the option; empty for any.
    values: &'static [&'static str],
    refuses: &'static [&'static str],
    why: &'static str,
}

/// The options of `report` that choose and shape rows.
const ROWS: &[&str] = &["columns", "sort", "top", "depth", "exact", "fold", "tree"];

/// The precisions that round factors.
const INEXACT: &[&str] = &["precision=high", "precision=medium"];

const RULES: &[Rule] = &[
    Rule {
        command: "report",
        given: "format",
        values: &["json", "html"],
        refuses: ROWS,
        why: "this form holds every row with exact figures",
    },
    Rule {
        command: "report",
        given: "sort",
        values: &[],
        refuses: &["fold"],
        why: "blocks that repeat are folded in source order",
    },
    Rule {
        command: "report",
        given: "depth",
        values: &[],
        refuses: &["fold"],
        why: "rows are folded by their depth already",
    },
    Rule {
        command: "report",
        given: "explain",
        values: &[],
        refuses: ROWS,
        why: "the arithmetic of one layer has no rows",
    },
    Rule {
        command: "report",
        given: "explain",
        values: &[],
        refuses: &["format", "batch", "dtype"],
        why: "the arithmetic is text, of one picture in f32",
    },
    Rule {
        command: "report",
        given: "dialects",
        values: &[],
        refuses: ROWS,
        why: "figures of other tools have rows of their own",
    },
    Rule {
        command: "report",
        given: "dialects",
        values: &[],
        refuses: &["batch", "dtype"],
        why: "the other tools count one picture in f32",
    },
    Rule {
        command: "report",
        given: "dialects",
        values: &[],
        refuses: &["format=csv", "format=markdown", "format=html", "format=latex"],
        why: "dialects are shown as a table or as JSON",
    },
    Rule {
        command: "report",
        given: "device",
        values: &[],
        refuses: ROWS,
        why: "bounds of the time have rows of their own",
    },
    Rule {
        command: "report",
        given: "device",
        values: &[],
        refuses: &["format=csv", "format=markdown", "format=html", "format=latex"],
        why: "bounds are shown as a table or as JSON",
    },
    Rule {
        command: "report",
        given: "tree",
        values: &[],
        refuses: &["fold"],
        why: "each part has a row of its own in a tree",
    },
    Rule {
        command: "check",
        given: "format",
        values: &["short", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown"],
        refuses: &["color=always"],
        why: "only the form for people, `human`, has colours",
    },
    Rule {
        command: "fmt",
        given: "diff",
        values: &[],
        refuses: &["check"],
        why: "the changes are shown instead of the names, with the same exit code",
    },
    Rule {
        command: "export",
        given: "to",
        values: &["onnx"],
        refuses: &["class"],
        why: "a model has no classes",
    },
    Rule {
        command: "export",
        given: "to",
        values: &["pytorch"],
        refuses: &[
            "weights",
            "weights_by",
            "weights_prefix",
            "ignore_unused",
            "seed",
            "random_bn",
            "no_weights",
            "batch",
            "opset",
            "external_data",
        ],
        why: "the Python file has no weights and takes any number of pictures",
    },
    Rule {
        command: "export",
        given: "weights_by",
        values: &["order"],
        refuses: &["weights_prefix", "ignore_unused", "seed"],
        why: "tensors in order are matched without their names, one for one",
    },
    Rule {
        command: "dump",
        given: "after",
        values: &["parse"],
        refuses: &["network", "set", "input_size"],
        why: "the tree is that of the whole file, before anything is set",
    },
    Rule {
        command: "dump",
        given: "after",
        values: &["parse", "expand", "check"],
        refuses: &["precision"],
        why: "only the plan of `--after lower` has kernels",
    },
    Rule {
        command: "weights",
        given: "against",
        values: &[],
        refuses: &["format"],
        why: "the answer is one line and the exit code",
    },
    Rule {
        command: "weights",
        given: "seed",
        values: &[],
        refuses: &["format"],
        why: "the tensors go into a file",
    },
    Rule {
        command: "run",
        given: "weights_by",
        values: &["order"],
        refuses: &["weights_prefix", "ignore_unused", "seed"],
        why: "tensors in order are matched without their names, one for one",
    },
    Rule {
        command: "bench",
        given: "weights_by",
        values: &["order"],
        refuses: &["weights_prefix", "ignore_unused", "seed"],
        why: "tensors in order are matched without their names, one for one",
    },
    Rule {
        command: "run",
        given: "exact",
        values: &[],
        refuses: INEXACT,
        why: "exact results are within 4e-6 of the definition, for which products take every bit of f32",
    },
    Rule {
        command: "bench",
        given: "exact",
        values: &[],
        refuses: INEXACT,
        why: "exact results are within 4e-6 of the definition, for which products take every bit of f32",
    },
    Rule {
        command: "weights",
        given: "weights_by",
        values: &["order"],
        refuses: &["weights_prefix", "ignore_unused"],
        why: "tensors in order are matched without their names, one for one",
    },
    Rule {
        command: "bench",
        given: "format",
        values: &["json"],
        refuses: &["per_layer"],
        why: "the JSON holds every step",
    },
    Rule {
        command: "bench",
        given: "on_demand",
        values: &[],
        refuses: &["format"],
        why: "the answers are numbers, one a line",
    },
];

/// Refuses a command line with options that would have no effect.
pub(super) fn check(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((command, matches)) = matches.subcommand() else { return Ok(()) };
    let is_given = |option: &str| {
        matches.try_contains_id(option).unwrap_or(false)
            && matches.value_source(option) == Some(ValueSource::CommandLine)
    };
    let has_value = |option: &str, value: &str| {
        let mut values = matches.get_raw(option).into_iter().flatten();
        values.any(|given| given.eq_ignore_ascii_case(value))
    };
    for rule in RULES.iter().filter(|rule| rule.command == command && is_given(rule.given)) {
        let value = rule.values.iter().find(|value| has_value(rule.given, value));
        if value.is_none() && !rule.values.is_empty() {
            continue;
        }
        let refused = rule.refuses.iter().find(|refused| match refused.split_once('=') {
            Some((option, value)) => is_given(option) && has_value(option, value),
            None => is_given(refused),
        });
        if let Some(refused) = refused {
            let given = match value {
                Some(value) => format!("--{} {value}", spelled(rule.given)),
                None => format!("--{}", spelled(rule.given)),
            };
            let message =
                format!("`--{}` says nothing beside `{given}`", spelled(&refused.replace('=', " ")));
            return Err(Failure::new(Code::E0206, message).note(rule.why).help("leave one of them out"));
        }
    }
    Ok(())
}

/// The spelling of an option on the command line.
fn spelled(option: &str) -> String {
    option.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_speak_of_options_that_there_are() {
        let program = super::super::command();
        for rule in RULES {
            let command = program.find_subcommand(rule.command).expect(rule.command);
            for option in rule.refuses.iter().chain([&rule.given]) {
                let name = option.split('=').next().unwrap_or_default();
                let known = command.get_arguments().any(|argument| argument.get_id() == name);
                assert!(known, "{} has no option {name}", rule.command);
            }
        }
    }
}
