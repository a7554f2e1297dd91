//! Reports characters that the language does not use, and replaces them by spaces.

use crate::base::{is_hidden, visible};
use crate::diag::Code;

use super::Lexer;

impl Lexer<'_, '_, '_> {
    /// Reports a run of characters that belongs to no token, and replaces it by spaces.
    pub(super) fn foreign(&mut self) {
        let start = self.at;
        let run = self.source[start..].chars().take_while(|&one| is_foreign(one));
        self.at += run.map(char::len_utf8).sum::<usize>().max(1);
        let text = &self.source[start..self.at];
        let span = self.session.span(start, self.at);
        let shown: String = text.chars().take(8).collect();
        let shown = visible(&shown);
        let error = self.session.error(Code::E0006, span, format!("the language does not use `{shown}`"));
        match ascii_twin(text) {
            Some(twin) => error.fix(format!("write `{twin}`"), span, twin).emit(),
            None if text == ":" => error.fix("leave it out", span, "").emit(),
            None => error.emit(),
        };
        self.repairs.blank(start, self.at);
        self.repairs.mark_unreliable(start);
    }

    /// Reports control characters and those that change the direction of the text. They may not even stand in strings
    /// and comments: an editor would show another text than the compiler reads.
    pub(super) fn check_characters(&mut self, start: usize, end: usize) {
        let text = &self.source[start..end];
        if let Some((at, character)) = text.char_indices().find(|&(_, one)| is_hidden(one)) {
            let span = self.session.span(start + at, start + at + character.len_utf8());
            let message =
                format!("the invisible character U+{:04X} may not stand here", u32::from(character));
            self.session.error(Code::E0006, span, message).emit();
        }
    }
}

fn is_foreign(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || " \t\r\n#\"_;|<>[]{}(),=*/+-%^@?.".contains(character))
}

/// The character of the language that a similar-looking one stands for.
fn ascii_twin(text: &str) -> Option<&'static str> {
    Some(match text {
        "×" => "x",
        "→" => "->",
        "−" | "–" | "—" => "-",
        "·" => "*",
        "÷" => "/",
        "≤" => "<=",
        "≥" => ">=",
        "“" | "”" | "'" | "‘" | "’" => "\"",
        _ => return None,
    })
}
