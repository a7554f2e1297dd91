//! Makes characters visible that a terminal does not show, or that would rearrange the text around them.

use std::borrow::Cow;

/// Returns whether a character is a control character (other than tab), changes the direction of the text, has no
/// width, or ends a line in some programs only.
pub fn is_hidden(character: char) -> bool {
    let direction = matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let no_width = matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let line_end = matches!(character, '\u{2028}' | '\u{2029}');
    (character.is_control() && character != '\t') || direction || no_width || line_end
}

/// A hidden character in a form that is seen: `␀` for NUL, `<U+202E>` for those without a picture.
pub fn push_visible(text: &mut String, character: char) {
    match character {
        _ if !is_hidden(character) => text.push(character),
        '\0'..='\u{1f}' => text.extend(char::from_u32(0x2400 + u32::from(character))),
        '\u{7f}' => text.push('\u{2421}'),
        _ => text.push_str(&format!("<U+{:04X}>", u32::from(character))),
    }
}

/// A text with its hidden characters, except line feeds, in a form that is seen.
pub fn visible(text: &str) -> Cow<'_, str> {
    let keeps = |one: char| one == '\n' || !is_hidden(one);
    if text.chars().all(keeps) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if keeps(character) {
            shown.push(character);
        } else {
            push_visible(&mut shown, character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(visible("a\tb é ×"), "a\tb é ×");
        assert_eq!(visible("\u{1b}[31m\0\u{7f}\u{202e}\u{85}\n"), "␛[31m␀␡<U+202E><U+0085>\n");
    }
}
