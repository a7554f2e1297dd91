//! Writes the table for a paper, as a `tabular` with the rules of the package booktabs.

use super::rows::{Cells, Selection, select};
use super::view::Report;

/// The rows and totals as a LaTeX table that compiles with `\\usepackage{booktabs}`.
pub fn latex(report: &Report, selection: &Selection) -> String {
    let Cells { columns, rows, totals, train_only, hidden, .. } = select(report, selection);
    let alignment: String = columns.iter().map(|column| if column.is_number() { 'r' } else { 'l' }).collect();
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("{} \\\\\n", cells.join(" & "))
    };
    let heading: Vec<String> = columns.iter().map(|column| column.heading().to_owned()).collect();
    let mut text = format!("% {}: \\usepackage{{booktabs}}\n", one_line(&report.network));
    text.push_str(&format!("\\begin{{tabular}}{{{alignment}}}\n\\toprule\n"));
    text.push_str(&line(&heading));
    text.push_str("\\midrule\n");
    rows.iter().for_each(|row| text.push_str(&line(row)));
    if hidden > 0 {
        text.push_str(&format!("% and {hidden} more rows\n"));
    }
    text.push_str("\\midrule\n");
    text.push_str(&line(&totals));
    train_only.iter().for_each(|row| text.push_str(&line(row)));
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text
}

/// A text for a LaTeX comment, without characters that would end it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text in which characters with a meaning in LaTeX are escaped, and those that its usual fonts lack are replaced.
fn escaped(text: &str) -> String {
    let leading = text.len() - text.trim_start_matches(' ').len();
    let mut escaped = "~".repeat(leading);
    for c in text[leading..].chars() {
        match c {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '"' => escaped.push_str("\\textquotedbl{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '…' => escaped.push_str("\\ldots{}"),
            '×' => escaped.push_str("$\\times$"),
            // The thin space between groups of digits.
            '\u{2009}' | '\u{202f}' => escaped.push_str("\\,"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(escaped("a_b & 5 % {x}"), "a\\_b \\& 5 \\% \\{x\\}");
        assert_eq!(escaped("a\\b^c~"), "a\\textbackslash{}b\\textasciicircum{}c\\textasciitilde{}");
        assert_eq!(escaped("  conv1"), "~~conv1");
        assert_eq!(escaped("12\u{2009}345 …"), "12\\,345 \\ldots{}");
    }
}
