//! Escapes text from files for the form that it is written into; each form has one function.
//!
//! Names of files, networks, rows and labels are not trusted. Once escaped, none of them moves a terminal's cursor,
//! begins another line, leaves its table cell or code span, or reads as a formula or a tag.

use std::borrow::Cow;

use super::visible::{is_hidden, push_visible};

/// A text within a line of a terminal or a log: as [`visible`](super::visible), and line ends are shown, too.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|character| push_visible(&mut shown, character));
    Cow::Owned(shown)
}

/// A text within a paragraph, heading or table cell of GitHub's Markdown.
pub fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in line(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // A zero-width space would do for mentions, but it is copied along.
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text as a code span of GitHub's Markdown, which may stand in a table cell: the fence is longer than any row of
/// backticks in it.
pub fn markdown_code(text: &str) -> String {
    let text = line(text);
    let longest = text.split(|one| one != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A span may begin or end with a backtick only behind a space, which is then not shown.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // A bar ends a cell even in code.
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// A field of comma-separated values (RFC 4180). What a spreadsheet would take for a formula is led by `'`.
pub fn csv_field(text: &str) -> String {
    let text = line(text);
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if is_formula { Cow::Owned(format!("'{text}")) } else { text };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

/// A text within an element or a quoted attribute of HTML.
pub fn html(text: &str) -> String {
    let text = line(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text in JSON with its hidden characters as escapes. They stand within strings only, and mean the same characters
/// there, so that whoever reads the JSON gets each name exactly, and whoever looks at it sees what it holds.
pub fn json(text: String) -> String {
    if !text.chars().any(|one| one != '\n' && is_hidden(one)) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_hidden(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A text within an element or a quoted attribute of XML. Reports in XML are shown by web pages, so that hidden
/// characters have a form that is seen; what XML cannot hold at all becomes U+FFFD.
pub fn xml(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\u{fffe}' | '\u{ffff}' => shown.push('\u{fffd}'),
            other => push_visible(&mut shown, other),
        }
    }
    let marked = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    marked.replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("a\n::error::b\u{1b}[2J\u{202e}"), "a␊::error::b␛[2J<U+202E>");
        assert_eq!(line("×"), "×");
    }

    #[test]
    fn markdown_shows_what_it_is_given() {
        assert_eq!(
            markdown("### <img src=x> @team a_b|c\n"),
            "\\#\\#\\# &lt;img src=x> &#64;team a\\_b\\|c␊"
        );
        assert_eq!(markdown_code("conv1"), "`conv1`");
        assert_eq!(markdown_code("a`![i](x) @team`b"), "``a`![i](x) @team`b``");
        assert_eq!(markdown_code("``|"), "``` ``\\| ```");
    }

    #[test]
    fn formulas_and_separators_are_text() {
        let fields = ["=cmd", "+1", "-1", "@SUM(1)", "a,b", "say \"x\"", "conv1"];
        let expected = ["'=cmd", "'+1", "'-1", "'@SUM(1)", "\"a,b\"", "\"say \"\"x\"\"\"", "conv1"];
        assert_eq!(fields.map(csv_field), expected);
    }

    #[test]
    fn json_means_what_it_meant() {
        let name = "a\u{202e}\u{9b}2J\u{7f}\u{1b}\n\u{2028}é";
        let escaped = json(serde_json::to_string_pretty(&[name]).expect("a list of texts"));
        assert_eq!(escaped, "[\n  \"a\\u202e\\u009b2J\\u007f\\u001b\\n\\u2028é\"\n]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).expect("JSON"), [name]);
    }

    #[test]
    fn xml_shows_what_it_is_given() {
        assert_eq!(
            xml("a\u{1b}\"<\n\u{202e}\u{9b}\u{ffff}"),
            "a␛&quot;&lt;&#10;&lt;U+202E&gt;&lt;U+009B&gt;\u{fffd}"
        );
    }

    #[test]
    fn html_has_no_tags_of_others() {
        assert_eq!(html("<b a=\"&\">\u{7}"), "&lt;b a=&quot;&amp;&quot;&gt;␇");
    }
}
