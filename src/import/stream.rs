//! Represents a list of statements as a sequence of tokens: two lists can be instances of one block if only their
//! numbers differ.

use super::tokens::{Spelling, Token, skeleton};
use super::tree::{Form, Mode, Statement, Tree};

/// The tokens of a list; `numbered` means that its members have numbers instead of names.
pub(super) fn stream(tree: &Tree<'_>, statements: &[Statement], numbered: bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    list(tree, statements, numbered, &mut tokens);
    tokens
}

/// The tokens of a list without its numbers, equal for instances of one block.
pub(super) fn skeleton_of(tree: &Tree<'_>, statements: &[Statement], numbered: bool) -> String {
    skeleton(&stream(tree, statements, numbered))
}

/// The properties of a form outside of its branches.
pub(super) fn frame(form: &Form) -> String {
    let policy = form.policy.as_deref().unwrap_or_default();
    format!("{} {policy} {:?} {:?}{}", form.kind, form.scale, form.parts.len(), skeleton(&form.tokens))
}

fn text(tokens: &mut Vec<Token>, text: impl Into<String>) {
    tokens.push(Token::Text(text.into()));
}

fn list(tree: &Tree<'_>, statements: &[Statement], numbered: bool, tokens: &mut Vec<Token>) {
    for statement in statements {
        match statement {
            Statement::Head(head) => {
                tokens.extend(head.tokens.iter().cloned());
                if let Some(name) = head.name.as_ref().filter(|_| !numbered) {
                    text(tokens, format!(" as {name}"));
                }
            }
            Statement::Form(form) => {
                text(tokens, form.kind);
                if let Some(policy) = &form.policy {
                    text(tokens, format!(" {policy}"));
                }
                if let Some(scale) = form.scale {
                    text(tokens, format!(" scale={scale}"));
                }
                if form.kind == "split" {
                    text(tokens, parts(form));
                }
                for (index, branch) in form.branches.iter().enumerate() {
                    text(tokens, if index == 0 { "<" } else { "|" });
                    list(tree, branch, numbered, tokens);
                }
                text(tokens, ">");
                tokens.extend(form.tokens.iter().cloned());
                if let Some(name) = form.name.as_ref().filter(|_| !numbered) {
                    text(tokens, format!(" as {name}"));
                }
            }
            Statement::Group(id) => {
                let group = tree.group(*id);
                let is_number = group.component.chars().all(|c| c.is_ascii_digit());
                let mut name =
                    if numbered && (is_number || group.call.is_none() && group.mode == Mode::Pattern) {
                        String::new()
                    } else {
                        group.component.clone()
                    };
                match &group.call {
                    Some(call) => {
                        text(tokens, format!("{}(", tree.blocks[call.block].name));
                        for argument in &call.arguments {
                            tokens.push(Token::Number(*argument, Spelling::Value));
                            text(tokens, ",");
                        }
                        text(tokens, ")");
                    }
                    None => {
                        text(tokens, "[");
                        list(tree, &group.statements, group.mode != Mode::Explicit, tokens);
                        text(tokens, "]");
                        match &group.pattern {
                            Some(pattern) => name.push_str(pattern),
                            None if group.mode == Mode::Sequence => name.push_str("[]"),
                            None => {}
                        }
                    }
                }
                text(tokens, format!(" as {name}"));
            }
            Statement::Optional(optional) => {
                text(tokens, "[");
                list(tree, std::slice::from_ref(&optional.statement), numbered, tokens);
                text(tokens, "]*");
                tokens.push(Token::Number(optional.flag, Spelling::Value));
            }
            Statement::Repeat(repeat) => {
                text(tokens, "[");
                list(tree, std::slice::from_ref(&repeat.statement), numbered, tokens);
                text(tokens, "]*");
                tokens.push(Token::Number(repeat.count, Spelling::Value));
            }
            Statement::Identity { name, .. } => {
                text(tokens, "identity");
                if let Some(name) = name {
                    text(tokens, format!(" as {name}"));
                }
            }
            Statement::Fetch { name, .. } => text(tokens, format!("@{name}")),
            Statement::Aux { name, .. } => text(tokens, format!("aux {name}")),
            Statement::Part { .. } => text(tokens, "part"),
        }
        text(tokens, ";");
    }
}

/// The sizes of the parts of a `split`; equal ones are given by their number.
fn parts(form: &Form) -> String {
    if form.parts.windows(2).all(|two| two[0] == two[1]) {
        format!(" {}", form.parts.len())
    } else {
        format!(" {:?}", form.parts)
    }
}
