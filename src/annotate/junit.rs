//! JUnit's XML: a suite for each file, a case for each network, a failure for its errors.

use crate::base::safe::xml;
use crate::diag::json::DiagnosticView;

use super::{FileFindings, is_error, long_message};

/// The files as test suites.
pub fn junit(files: &[FileFindings]) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for file in files {
        let (text, cases, failed) = suite(file);
        suites.push_str(&text);
        tests += cases;
        failures += failed;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cnnc\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\">\n{suites}</testsuites>\n"
    )
}

fn suite(file: &FileFindings) -> (String, usize, usize) {
    // A file without a network is one case, named as the file.
    let mut names: Vec<&str> = file.networks.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.push("");
    }
    let mut failed = 0;
    let mut cases = String::new();
    for &name in &names {
        let of_case = |finding: &&DiagnosticView| {
            let network = file.network_of(finding);
            network == name || (name == names[0] && !names.contains(&network))
        };
        let (errors, warnings): (Vec<&DiagnosticView>, Vec<&DiagnosticView>) =
            file.findings.iter().filter(of_case).partition(|finding| is_error(finding));
        failed += usize::from(!errors.is_empty());
        let title = if name.is_empty() { &file.file } else { name };
        cases.push_str(&case(&file.file, title, &errors, &warnings));
    }
    let text = format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\">\n{cases}  </testsuite>\n",
        xml(&file.file),
        names.len()
    );
    (text, names.len(), failed)
}

fn case(file: &str, name: &str, errors: &[&DiagnosticView], warnings: &[&DiagnosticView]) -> String {
    let class = xml(file.strip_suffix(".cnn").unwrap_or(file));
    let head = format!("    <testcase classname=\"{class}\" name=\"{}\" file=\"{}\"", xml(name), xml(file));
    if errors.is_empty() && warnings.is_empty() {
        return head + "/>\n";
    }
    let mut text = head + ">\n";
    if let Some(first) = errors.first() {
        text.push_str(&format!(
            "      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
            xml(&first.message),
            xml(&first.code),
            xml(&listed(errors))
        ));
    }
    if !warnings.is_empty() {
        text.push_str(&format!("      <system-out>{}</system-out>\n", xml(&listed(warnings))));
    }
    text + "    </testcase>\n"
}

fn listed(findings: &[&DiagnosticView]) -> String {
    let one = |finding: &&DiagnosticView| {
        let place = &finding.place;
        format!(
            "{}:{}:{}: {}[{}]: {}",
            place.file,
            place.line,
            place.column,
            finding.severity,
            finding.code,
            long_message(finding)
        )
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_case_for_each_network_fails_with_its_errors() {
        let mut files = sample(2, 1);
        files[0].networks.push("other".to_owned());
        let text = junit(&files);
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert!(
            text.contains("<testcase classname=\"nets/a b\" name=\"other\" file=\"nets/a b.cnn\"/>"),
            "{text}"
        );
        assert!(text.contains("100% over:&#10;a, b\" type=\"E0404\""), "{text}");
        assert!(text.contains("`conv1` &lt;1&gt;"), "{text}");
    }
}
