//! Reports comments of other languages, `// …`, `-- …` and `/* … */`, and replaces them by spaces.

use crate::diag::Code;
use crate::syntax::token::TokenKind;

use super::Lexer;

/// The number of tokens before a `//` that are examined.
const LONGEST_LOOK: usize = 64;

impl Lexer<'_, '_, '_> {
    /// Returns whether `//` divides here: in parentheses, and in the value of a `let`.
    pub(super) fn in_expression(&self) -> bool {
        let mut closed = 0_usize;
        for token in self.lexed.tokens.iter().rev().take(LONGEST_LOOK) {
            match token.kind {
                TokenKind::Symbol(')') => closed += 1,
                TokenKind::Symbol('(') if closed == 0 => return true,
                TokenKind::Symbol('(') => closed -= 1,
                TokenKind::Symbol(';' | '{' | '}') => return false,
                TokenKind::Word if &self.source[token.start as usize..token.end as usize] == "let" => {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Reports `// …` or `-- …` up to the end of the line.
    pub(super) fn foreign_line_comment(&mut self, sign: u8) {
        let start = self.at;
        let rest = &self.source[start..];
        self.at += rest.find('\n').unwrap_or(rest.len());
        let signs = rest.len() - rest.trim_start_matches(char::from(sign)).len();
        let span = self.session.span(start, start + signs.min(self.at - start));
        let error = self.session.error(Code::E0006, span, "comments begin with `#`");
        error.fix("write `#`", span, "#").emit();
        self.repairs.blank(start, self.at);
    }

    /// Reports `/* … */`, which may span lines; one without an end reaches to the end of its line.
    pub(super) fn bracketed_comment(&mut self) {
        let start = self.at;
        let rest = &self.source[start..];
        let close = if self.unclosed { None } else { rest[2..].find("*/").map(|at| 2 + at + 2) };
        self.unclosed |= close.is_none();
        self.at += close.unwrap_or_else(|| rest.find('\n').unwrap_or(rest.len()));
        let text = &self.source[start..self.at];
        let span = self.session.span(start, self.at);
        let behind = self.source[self.at..].chars().find(|&one| one == '\n' || !one.is_whitespace());
        let ends_line = behind.is_none_or(|first| first == '\n');
        let error = self.session.error(Code::E0006, span, "comments begin with `#` and end with their line");
        if ends_line {
            let inside = text.trim_start_matches("/*").trim_end_matches("*/");
            let lines =
                inside.lines().map(|line| format!("# {}", line.trim().trim_start_matches('*').trim()));
            let lines: Vec<String> = lines.filter(|line| line != "# ").collect();
            let written = if lines.is_empty() { "#".to_owned() } else { lines.join("\n") };
            error.fix("write `# …` on each line", span, written).emit();
        } else {
            error.help("write `# …` behind the statement or on a line of its own").emit();
        }
        self.leads |= text.contains('\n');
        self.repairs.blank(start, self.at);
    }
}
