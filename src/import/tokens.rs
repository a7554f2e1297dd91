//! Represents printed operators as tokens: words, and numbers that may differ between instances of a block.

use std::fmt::Write;

use super::op::{Argument, Op};

/// A number in [`super::tree::Tree::slots`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotId(pub(super) usize);

/// The meaning of a number, which decides the names and expressions by which it can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Filters,
    Elements,
    Kernel,
    Stride,
    Pad,
    Groups,
    Dilation,
    Multiplier,
    Flag,
    /// The number of copies of a member.
    Count,
    /// A word instead of a number, by its index in [`WORDS`].
    Word,
    Other,
}

/// Trailing words in which instances of a block may differ: those that authors choose for each network.
const WORDS: &[&str] = &[
    "relu",
    "relu6",
    "leaky",
    "elu",
    "selu",
    "silu",
    "gelu",
    "mish",
    "hswish",
    "hsigmoid",
    "sigmoid",
    "tanh",
    "softplus",
    "quickgelu",
];

/// A number of the text.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// `None` in a copy for an instance that lacks the statement.
    pub(super) value: Option<u64>,
    pub(super) role: Role,
    /// The expression that is printed instead, within a block.
    pub(super) expression: Option<String>,
    /// The numbers at the same position in other instances of the block.
    pub(super) peers: Vec<SlotId>,
}

/// The position of a number in the text of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// In a size.
    Dim,
    /// Behind the `/` of a size; omitted if it is 1.
    Stride,
    /// As a lone value.
    Value,
    /// `name=n`; omitted for the last number, its default.
    Attribute(&'static str, u64),
    /// A word.
    Word,
}

/// A piece of printed text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(String),
    Number(SlotId, Spelling),
}

/// A real number in the spelling of the language.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return format!("{}", value as i64);
    }
    if value.abs() < 1e-4 || value.abs() >= 1e9 { format!("{value:e}") } else { format!("{value}") }
}

/// The name of a connection table.
pub(super) fn table_name(number: usize) -> String {
    format!("connections{}", number + 1)
}

/// Prints a number, or the word that it stands for.
pub(super) fn literal(role: Role, value: u64) -> String {
    let word = usize::try_from(value).ok().and_then(|at| WORDS.get(at)).filter(|_| role == Role::Word);
    word.map_or_else(|| value.to_string(), |word| (*word).to_owned())
}

/// The tokens of a trailing operator.
pub(super) fn trailing(op: &Op, slots: &mut Vec<Slot>) -> Vec<Token> {
    match WORDS.iter().position(|word| *word == op.word) {
        Some(word) if op.arguments.is_empty() => {
            slots.push(Slot {
                value: Some(word as u64),
                role: Role::Word,
                expression: None,
                peers: Vec::new(),
            });
            vec![Token::Number(SlotId(slots.len() - 1), Spelling::Word)]
        }
        _ => tokens(op, None, slots),
    }
}

/// The tokens of an operator; `first_trailing` is the trailing word that follows it.
pub(super) fn tokens(op: &Op, first_trailing: Option<&str>, slots: &mut Vec<Slot>) -> Vec<Token> {
    let mut writer = Writer { tokens: vec![Token::Text(op.word.to_owned())], slots };
    for argument in &op.arguments {
        writer.argument(op, argument);
    }
    if op.takes_bias() {
        let before_norm = first_trailing == Some("bn");
        match (op.tensor("bias").is_some(), before_norm) {
            (true, true) => writer.text(" bias"),
            (false, false) => writer.text(" nobias"),
            _ => {}
        }
    }
    writer.tokens
}

struct Writer<'s> {
    tokens: Vec<Token>,
    slots: &'s mut Vec<Slot>,
}

impl Writer<'_> {
    fn text(&mut self, text: &str) {
        match self.tokens.last_mut() {
            Some(Token::Text(last)) => last.push_str(text),
            _ => self.tokens.push(Token::Text(text.to_owned())),
        }
    }

    fn number(&mut self, value: u64, role: Role, spelling: Spelling) {
        self.slots.push(Slot { value: Some(value), role, expression: None, peers: Vec::new() });
        self.tokens.push(Token::Number(SlotId(self.slots.len() - 1), spelling));
    }

    fn size(&mut self, dims: &[u64], role: impl Fn(usize) -> Role) {
        for (index, &dim) in dims.iter().enumerate() {
            self.text(if index == 0 { " " } else { "x" });
            self.number(dim, role(index), Spelling::Dim);
        }
    }

    fn argument(&mut self, op: &Op, argument: &Argument) {
        match argument {
            Argument::Window { dims, stride } => {
                // A square window of a pool is printed as one number.
                let short = dims.len() == 2 && op.word != "dwconv" && dims[0] == dims[1];
                let written = if short { &dims[..1] } else { dims };
                self.size(written, |index| if index < 2 { Role::Kernel } else { Role::Filters });
                if stride.0 != stride.1 {
                    self.text("/");
                    self.number(stride.0, Role::Stride, Spelling::Dim);
                    self.text("x");
                    self.number(stride.1, Role::Stride, Spelling::Dim);
                } else if matches!(op.word, "maxpool" | "avgpool" | "subsample") {
                    self.text("/");
                    self.number(stride.0, Role::Stride, Spelling::Dim);
                } else {
                    self.number(stride.0, Role::Stride, Spelling::Stride);
                }
            }
            Argument::Size(dims) => {
                let last = dims.len() - 1;
                self.size(
                    dims,
                    |index| if index == 2 && index == last { Role::Filters } else { Role::Other },
                );
            }
            Argument::Flag(flag) => {
                self.text(" ");
                self.text(flag);
            }
            Argument::Count(count) => {
                self.text(" ");
                let role = match op.word {
                    "dense" => Role::Elements,
                    "slice" => Role::Filters,
                    "shuffle" | "groupnorm" => Role::Groups,
                    _ => Role::Other,
                };
                self.number(*count, role, Spelling::Value);
            }
            Argument::Real(value) if *value < 0.0 => {
                let value = number(*value);
                self.text(&format!(" ({value})"));
            }
            Argument::Real(value) => {
                let value = number(*value);
                self.text(&format!(" {value}"));
            }
            Argument::Number(name, value, default) => {
                let (attribute, role) = match *name {
                    "groups" => (" groups=", Role::Groups),
                    "mult" => (" mult=", Role::Multiplier),
                    _ => (" at=", Role::Filters),
                };
                self.number(*value, role, Spelling::Attribute(attribute, *default));
            }
            Argument::Named(name, value) => {
                let value = number(*value);
                self.text(&format!(" {name}={value}"));
            }
            Argument::Pair(name, (height, width), default) => {
                if height == width && *name == "dilate" {
                    self.number(*height, Role::Dilation, Spelling::Attribute(" dilate=", *default));
                } else if height == width && height != default {
                    self.text(&format!(" {name}={height}"));
                } else if height != width {
                    self.text(&format!(" {name}=({height}, {width})"));
                }
            }
            Argument::Pads(name, pads) => self.pads(name, *pads),
            Argument::Table(number, _) => self.text(&format!(" table={}", table_name(*number))),
        }
    }

    fn pads(&mut self, name: &str, [top, bottom, left, right]: [u64; 4]) {
        if name == "pad" && top == bottom && left == right {
            if top == left {
                return self.number(top, Role::Pad, Spelling::Attribute(" pad=", 0));
            }
            self.text(" pad=(");
            self.number(top, Role::Pad, Spelling::Value);
            self.text(", ");
            self.number(left, Role::Pad, Spelling::Value);
            return self.text(")");
        }
        let equals = if name.is_empty() { String::new() } else { format!("{name}=") };
        if top == bottom && bottom == left && left == right {
            self.text(&format!(" {equals}{top}"));
        } else {
            self.text(&format!(" {equals}({top}, {bottom}, {left}, {right})"));
        }
    }
}

impl Slot {
    /// Collects the values of a number and of all its peers.
    pub(super) fn values(id: SlotId, slots: &[Slot], values: &mut Vec<Option<u64>>) {
        values.push(slots[id.0].value);
        for &peer in &slots[id.0].peers {
            Slot::values(peer, slots, values);
        }
    }

    /// The number as a lone value: an expression needs no parentheses.
    pub(super) fn bare(&self) -> String {
        self.expression.clone().unwrap_or_else(|| literal(self.role, self.value.unwrap_or(0)))
    }

    fn bracketed(&self) -> String {
        match &self.expression {
            Some(expression) => format!("({expression})"),
            None => self.value.unwrap_or(0).to_string(),
        }
    }
}

/// The text of tokens.
pub(super) fn render(tokens: &[Token], slots: &[Slot]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Text(piece) => text.push_str(piece),
            Token::Number(id, spelling) => {
                let slot = &slots[id.0];
                let is = |value| slot.expression.is_none() && slot.value == Some(value);
                let _ = match spelling {
                    Spelling::Stride if is(1) => Ok(()),
                    Spelling::Attribute(_, default) if is(*default) => Ok(()),
                    Spelling::Stride => write!(text, "/{}", slot.bracketed()),
                    Spelling::Attribute(name, _) => write!(text, "{name}{}", slot.bracketed()),
                    Spelling::Word => write!(text, "{}", slot.bare()),
                    Spelling::Dim | Spelling::Value => write!(text, "{}", slot.bracketed()),
                };
            }
        }
    }
    text
}

/// The numbers among tokens.
pub(super) fn numbers(tokens: &[Token]) -> impl Iterator<Item = SlotId> {
    tokens.iter().filter_map(|token| match token {
        Token::Number(id, _) => Some(*id),
        Token::Text(_) => None,
    })
}

/// The text of tokens without their numbers, equal for instances of one block.
pub(super) fn skeleton(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Text(piece) => text.push_str(piece),
            Token::Number(_, spelling) => {
                let _ = match spelling {
                    Spelling::Attribute(name, _) => write!(text, "#A{name}"),
                    other => write!(text, "#{other:?}"),
                };
            }
        }
    }
    text
}
