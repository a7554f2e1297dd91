//! Writes the words and numbers of all operators of a tree as tokens, before the tree is printed.

use super::tokens::{self, Token, tokens};
use super::tree::{Statement, Tree};

/// Writes the numbers and words of all operators as tokens; names must not change afterwards.
pub(super) fn spell(tree: &mut Tree<'_>) {
    let mut root = std::mem::take(&mut tree.root);
    spell_list(tree, &mut root);
    tree.root = root;
}

fn spell_list(tree: &mut Tree<'_>, statements: &mut [Statement]) {
    let trailing = |tree: &mut Tree<'_>, ops: &[usize], written: &mut Vec<_>| {
        for &op in ops {
            written.push(Token::Text(" ".to_owned()));
            let op = tree.op(op);
            written.extend(tokens::trailing(op, &mut tree.slots));
        }
    };
    for statement in statements {
        match statement {
            Statement::Head(head) => {
                let op = tree.op(head.op);
                let first = head.trailing.first().map(|&op| tree.op(op).word);
                let mut written = tokens(op, first, &mut tree.slots);
                trailing(tree, &head.trailing, &mut written);
                head.tokens = written;
            }
            Statement::Form(form) => {
                form.branches.iter_mut().for_each(|branch| spell_list(tree, branch));
                let mut written = Vec::new();
                trailing(tree, &form.trailing, &mut written);
                form.tokens = written;
            }
            Statement::Group(id) => {
                tree.within(*id, |tree, inner| spell_list(tree, inner));
            }
            _ => {}
        }
    }
}
