//! The words with which messages name the rules of the grammar.

use crate::syntax::grammar::Rule;

/// The names of rules for messages, without repetitions, in a fixed order.
pub(super) fn phrases(rules: &[Rule]) -> Vec<&'static str> {
    let mut phrases: Vec<&'static str> = rules.iter().filter_map(|&rule| phrase(rule)).collect();
    phrases.sort_unstable();
    phrases.dedup();
    phrases
}

fn phrase(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::identifier | Rule::mention | Rule::operator | Rule::parameter => "a name",
        Rule::integer | Rule::digits | Rule::real | Rule::signed => "a number",
        Rule::size => "a size",
        Rule::shape => "a shape",
        Rule::string => "a string",
        Rule::path | Rule::new_path | Rule::plain_part => "a path",
        Rule::comparison => "`==`, `<=` or `>=`",
        Rule::quantity => "a number",
        Rule::equals => "`=`",
        Rule::arrow => "`->`",
        Rule::comma => "`,`",
        Rule::less => "`<`",
        Rule::binary => "an operator",
        Rule::parenthesised | Rule::parameters | Rule::nested => "`(`",
        Rule::expression | Rule::entry => "an expression",
        Rule::word => "a word",
        _ => return None,
    })
}

/// The phrases as an enumeration: `a, b or c`.
pub(super) fn listed(phrases: &[&str]) -> String {
    match phrases {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
