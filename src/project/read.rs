//! Reads the text of a project file.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::analysis::Metric;
use crate::analysis::budget::Budget;
use crate::base::{did_you_mean, meant};
use crate::diag::Code;
use crate::driver::Scalar;
use crate::report::Column;

use super::settings::{Defaults, Group, Level, Lints, Pattern, Placed, Project, Variant};

/// Why a text is no project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectMistake {
    /// One line: what is wrong.
    pub message: String,
    /// A step to take.
    pub help: Option<String>,
    /// Its place in the file, in bytes.
    pub place: Range<usize>,
}

impl ProjectMistake {
    fn new(message: impl Into<String>, place: Range<usize>) -> ProjectMistake {
        ProjectMistake { message: message.into(), help: None, place }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    files: Vec<Spanned<String>>,
    #[serde(default)]
    except: Vec<Spanned<String>>,
    baseline: Option<Spanned<String>>,
    #[serde(default)]
    lints: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    report: ReportTable,
    #[serde(default)]
    networks: Vec<NetworksTable>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ReportTable {
    #[serde(default)]
    columns: Vec<Spanned<String>>,
    sort: Option<Spanned<String>>,
    top: Option<usize>,
    depth: Option<usize>,
    #[serde(default)]
    exact: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworksTable {
    files: Vec<Spanned<String>>,
    network: Option<Spanned<String>>,
    #[serde(default)]
    max: BTreeMap<Spanned<String>, Spanned<Limit>>,
    #[serde(default)]
    variants: Vec<BTreeMap<String, Spanned<Setting>>>,
    #[serde(default)]
    lints: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a limit is a whole number, or a text such as \"5M\"")]
enum Limit {
    Count(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a setting is a number")]
enum Setting {
    Int(i64),
    Real(f64),
}

impl Project {
    /// Reads the text of a project file.
    ///
    /// # Errors
    ///
    /// A text that is no TOML, an unknown key, lint, level or metric, or a value without a meaning.
    pub fn parse(text: &str) -> Result<Project, ProjectMistake> {
        let file: File = toml::from_str(text).map_err(|error| {
            let message = error.message().lines().collect::<Vec<_>>().join(" ");
            ProjectMistake::new(message, error.span().unwrap_or(0..0))
        })?;
        Ok(Project {
            files: patterns(file.files)?,
            except: patterns(file.except)?,
            baseline: patterns(file.baseline.into_iter().collect())?.pop(),
            lints: lints(file.lints)?,
            report: defaults(file.report)?,
            groups: file.networks.into_iter().map(group).collect::<Result<_, _>>()?,
        })
    }
}

fn patterns(texts: Vec<Spanned<String>>) -> Result<Vec<Pattern>, ProjectMistake> {
    let pattern = |text: Spanned<String>| {
        let place = text.span();
        let text = text.into_inner();
        if text.starts_with('/') || text.contains('\\') || text.split('/').any(|part| part == "..") {
            let mut mistake =
                ProjectMistake::new(format!("`{text}` leaves the folder of the project"), place);
            mistake.help =
                Some("write a path from the folder of this file, with `/` and without `..`".to_owned());
            return Err(mistake);
        }
        Ok(Pattern { text, place })
    };
    texts.into_iter().map(pattern).collect()
}

fn lints(table: BTreeMap<Spanned<String>, Spanned<String>>) -> Result<Lints, ProjectMistake> {
    let mut lints = Lints::default();
    for (name, word) in table {
        let level = match word.get_ref().as_str() {
            "allow" => Level::Allow,
            "warn" => Level::Warn,
            "deny" => Level::Deny,
            other => {
                let mut mistake =
                    ProjectMistake::new(format!("`{other}` is no level of a lint"), word.span());
                mistake.help = Some("the levels are allow, warn and deny".to_owned());
                return Err(mistake);
            }
        };
        let lint = name.get_ref().as_str();
        if lint == "warnings" {
            lints.all = Some(level);
            continue;
        }
        let known = || Code::ALL.iter().filter(|code| code.is_lint());
        let Some(&code) = known().find(|code| code.id() == lint) else {
            let mut mistake = ProjectMistake::new(format!("there is no lint `{lint}`"), name.span());
            let near = did_you_mean(lint, known().map(|code| code.id()).chain(["warnings"]));
            mistake.help = near.map(meant);
            return Err(mistake);
        };
        lints.each.insert(code, level);
    }
    Ok(lints)
}

fn defaults(table: ReportTable) -> Result<Defaults, ProjectMistake> {
    let sort = match table.sort {
        None => None,
        Some(word) => {
            Some(Metric::parse(word.get_ref()).filter(|metric| metric.is_sum()).ok_or_else(|| {
                let mut mistake = ProjectMistake::new(
                    format!("rows cannot be sorted by `{}`", word.get_ref()),
                    word.span(),
                );
                mistake.help = Metric::suggestion(word.get_ref()).map(meant);
                mistake
            })?)
        }
    };
    let column = |word: Spanned<String>| {
        let words = || Column::all().into_iter().map(Column::word);
        Column::parse(word.get_ref()).ok_or_else(|| {
            let mut mistake =
                ProjectMistake::new(format!("there is no column `{}`", word.get_ref()), word.span());
            let near = did_you_mean(word.get_ref(), words()).map(meant);
            let all = || format!("the columns are {}", words().collect::<Vec<_>>().join(", "));
            mistake.help = Some(near.unwrap_or_else(all));
            mistake
        })
    };
    let columns = table.columns.into_iter().map(column).collect::<Result<_, _>>()?;
    Ok(Defaults { columns, sort, top: table.top, depth: table.depth, exact: table.exact })
}

fn group(table: NetworksTable) -> Result<Group, ProjectMistake> {
    let budget = |(name, limit): (Spanned<String>, Spanned<Limit>)| {
        let text = match limit.get_ref() {
            Limit::Count(count) => count.to_string(),
            Limit::Text(text) => text.clone(),
        };
        let budget = Budget::parse(name.get_ref(), &text);
        let budget = budget.map_err(|one| ProjectMistake {
            message: one.message,
            help: one.help,
            place: name.span(),
        })?;
        Ok(Placed { budget, place: name.span().start..limit.span().end })
    };
    let mut budgets = table.max.into_iter().map(budget).collect::<Result<Vec<Placed>, ProjectMistake>>()?;
    budgets.sort_by_key(|one| one.place.start);
    let variant = |settings: BTreeMap<String, Spanned<Setting>>| Variant {
        settings: settings
            .into_iter()
            .map(|(name, value)| match value.into_inner() {
                Setting::Int(int) => (name, Scalar::Int(int.into())),
                Setting::Real(real) => (name, Scalar::Real(real)),
            })
            .collect(),
    };
    let network_place = table.network.as_ref().map_or(0..0, Spanned::span);
    Ok(Group {
        files: patterns(table.files)?,
        network: table.network.map(Spanned::into_inner),
        network_place,
        variants: table.variants.into_iter().map(variant).collect(),
        lints: lints(table.lints)?,
        budgets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SourceMap, Span};

    const TEXT: &str = r#"
except = ["old/**"]
baseline = "networks.txt"
[lints]
warnings = "deny"
W0203 = "allow"
[report]
columns = ["name", "params"]
sort = "macs"
[[networks]]
files = ["models/**/*.cnn"]
network = "resnet50"
max = { params = "30M", "layer4.params" = 15_000_000, peak_memory = "40MiB" }
variants = [{ classes = 10 }, { classes = 100, drop = 0.5 }]
"#;

    #[test]
    fn a_project_says_files_budgets_lints_variants_and_defaults() {
        let project = Project::parse(TEXT).unwrap();
        assert!(project.has("models/a.cnn") && !project.has("old/a.cnn") && !project.has("models/a.txt"));
        let group = project.groups_of("models/deep/er/a.cnn").next().unwrap();
        assert!(group.matches_network("resnet50") && !group.matches_network("resnet18"));
        assert_eq!(project.groups_of("elsewhere/a.cnn").count(), 0);
        let mut map = SourceMap::default();
        let file = map.add("cnnc.toml", TEXT);
        let budgets = group.budgets(|place| Span::new(file, place.start, place.end));
        let written: Vec<&str> = budgets.iter().map(|budget| map.snippet(budget.span.unwrap())).collect();
        assert_eq!(
            written,
            ["params = \"30M\"", "\"layer4.params\" = 15_000_000", "peak_memory = \"40MiB\""]
        );
        assert_eq!(budgets[1].limit, (15_000_000, 1));
        assert_eq!(group.variants[1].name(), "classes=100, drop=0.5");
        assert_eq!(project.lints.level(Code::W0203), Some(Level::Allow));
        assert_eq!(project.lints.level(Code::W0201), Some(Level::Deny));
        assert_eq!(project.baseline.unwrap().text, "networks.txt");
        assert_eq!(project.report.sort, Some(Metric::Macs));
    }

    #[test]
    fn mistakes_have_a_place_and_a_suggestion() {
        let mistake = |text: &str| {
            let mistake = Project::parse(text).unwrap_err();
            (
                text[mistake.place.clone()].to_owned(),
                mistake.message + " / " + &mistake.help.unwrap_or_default(),
            )
        };
        let (place, said) = mistake("[[networks]]\nfiles = [\"a\"]\nmax = { parms = 1 }");
        assert_eq!(place, "parms");
        assert!(said.contains("did you mean `params`?"), "{said}");
        let (place, said) = mistake("[lints]\nW0999 = \"deny\"");
        assert_eq!(place, "W0999");
        assert!(said.contains("no lint"), "{said}");
        assert!(mistake("[lints]\nW0201 = \"forbid\"").1.contains("allow, warn and deny"));
        assert_eq!(mistake("[report]\ncolumns = [\"name\", \"parms\"]").0, "\"parms\"");
        assert!(mistake("[[networks]]\nfiles = [\"a\"]\nmax = { params = [1] }").1.contains("a limit is"));
        assert!(mistake("budget = 3").1.contains("unknown field"));
        assert!(mistake("files = [\"../a\"]").1.contains("leaves the folder"));
        assert!(mistake("files = [").1.contains("array"));
    }

    #[test]
    fn stars_stay_within_a_folder() {
        let pattern = |text: &str| Pattern { text: text.to_owned(), place: 0..0 };
        assert!(pattern("models/*.cnn").matches("models/a.cnn"));
        assert!(!pattern("models/*.cnn").matches("models/b/a.cnn"));
        assert!(pattern("**/*.cnn").matches("a.cnn") && pattern("**/*.cnn").matches("b/c/a.cnn"));
        assert!(pattern("./a.cnn").matches("a.cnn"));
        assert!(pattern("{a,b}/*.cnn").matches("b/x.cnn"));
    }
}
