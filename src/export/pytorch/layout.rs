//! Breaks lines as the formatter black does: a statement of at most 88 columns is one line; a wider one has the content
//! of its last bracket on a separate line; if that is too wide, one element a line, each with a trailing comma.

/// The greatest width of a line.
const WIDTH: usize = 88;

/// Writes a statement, broken into lines if it is too wide.
pub(super) fn write(out: &mut String, indent: usize, text: &str) {
    lay(out, indent, text, "");
}

/// Writes the head of a function; `tail` follows its parentheses.
pub(super) fn write_head(out: &mut String, indent: usize, text: &str, tail: &str) {
    lay(out, indent, text, tail);
}

/// Returns whether a text fits on a line.
pub(super) fn fits(indent: usize, text: &str) -> bool {
    indent + text.chars().count() <= WIDTH
}

/// The lines of a text. A paragraph with a line that is too wide is broken anew.
pub(super) fn paragraphs(text: &str, indent: usize) -> Vec<String> {
    // The first line stands behind the quotes.
    const QUOTES: usize = 3;
    let trimmed: Vec<&str> = text.lines().map(str::trim).collect();
    let mut lines: Vec<String> = Vec::new();
    for paragraph in trimmed.split(|line| line.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if paragraph.iter().all(|line| fits(indent + QUOTES, line)) {
            lines.extend(paragraph.iter().map(|line| (*line).to_owned()));
            continue;
        }
        let mut last = String::new();
        for word in paragraph.iter().flat_map(|line| line.split_whitespace()) {
            if !last.is_empty() && !fits(indent + QUOTES, &format!("{last} {word}")) {
                lines.push(std::mem::take(&mut last));
            }
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
        lines.push(last);
    }
    lines
}

fn line(out: &mut String, indent: usize, text: &str) {
    if !text.is_empty() {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(text);
    }
    out.push('\n');
}

fn lay(out: &mut String, indent: usize, text: &str, tail: &str) {
    let whole = format!("{text}{tail}");
    if fits(indent, &whole) {
        return line(out, indent, &whole);
    }
    let Some(open) = last_bracket(text) else {
        return line(out, indent, &whole);
    };
    let (head, body, close) = (&text[..=open], &text[open + 1..text.len() - 1], &text[text.len() - 1..]);
    if body.is_empty() {
        return line(out, indent, &whole);
    }
    line(out, indent, head);
    let inner = indent + 4;
    let items = split(body, ", ");
    // A list or tuple is no call: its elements stand one a line.
    let is_call =
        head[..open].ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | ')' | ']'));
    if fits(inner, body) && (is_call || items.len() == 1) {
        line(out, inner, body);
    } else if items.len() > 1 {
        for item in items {
            lay(out, inner, item, ",");
        }
    } else {
        let parts = split(body, " for ");
        if let [item, rest @ ..] = parts.as_slice()
            && !rest.is_empty()
        {
            lay(out, inner, item, "");
            line(out, inner, &format!("for {}", rest.join(" for ")));
        } else {
            lay(out, inner, body, "");
        }
    }
    line(out, indent, &format!("{close}{tail}"));
}

/// The brackets and separators outside of strings: (byte, character, depth before it).
fn scan(text: &str) -> Vec<(usize, char, usize)> {
    let mut found = Vec::new();
    let (mut depth, mut string, mut escaped) = (0usize, false, false);
    for (at, character) in text.char_indices() {
        if string {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => string = false,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => string = true,
            '(' | '[' | '{' => {
                found.push((at, character, depth));
                depth += 1;
            }
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                found.push((at, character, depth));
            }
            _ => found.push((at, character, depth)),
        }
    }
    found
}

/// The index of the bracket that opens the pair with which the text ends.
fn last_bracket(text: &str) -> Option<usize> {
    let found = scan(text);
    let &(at, close, depth) = found.last()?;
    if at + 1 != text.len() || !matches!(close, ')' | ']' | '}') {
        return None;
    }
    let opening = |&&(_, character, before): &&(usize, char, usize)| {
        before == depth && matches!(character, '(' | '[' | '{')
    };
    found.iter().rev().find(opening).map(|&(at, _, _)| at)
}

/// Splits a text at separators outside of brackets and strings.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _, depth) in scan(text) {
        if depth == 0 && at >= start && text[at..].starts_with(separator) {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_call_is_broken_at_its_last_bracket() {
        let mut text = String::new();
        write(
            &mut text,
            8,
            "self.conv = nn.Conv2d(64, 128, kernel_size=(3, 5), stride=(2, 1), padding=(1, 2), bias=False)",
        );
        assert_eq!(
            text,
            "        self.conv = nn.Conv2d(\n            64, 128, kernel_size=(3, 5), stride=(2, 1), padding=(1, 2), bias=False\n        )\n"
        );
    }

    #[test]
    fn the_elements_of_a_wide_list_stand_one_a_line() {
        let row = "[0, 1, 2, 3, 4, 5]";
        let mut text = String::new();
        write(&mut text, 12, &format!("rows=[{row}, {row}, {row}, [0, 1, 2, 3]]"));
        let inner = format!("                {row},\n").repeat(3);
        assert_eq!(
            text,
            format!("            rows=[\n{inner}                [0, 1, 2, 3],\n            ]\n")
        );
    }

    #[test]
    fn what_does_not_fit_in_brackets_stands_an_element_a_line() {
        let item = "nn.Linear(in_features=1000, out_features=1000)";
        let mut text = String::new();
        write(&mut text, 0, &format!("x = nn.Sequential({item}, {item})"));
        assert_eq!(text, format!("x = nn.Sequential(\n    {item},\n    {item},\n)\n"));
    }
}
