//! The tree of statements that is printed as text; later passes move and compare its parts.

use std::collections::{BTreeMap, BTreeSet};

use super::network::Network;
use super::op::{Op, ValueId};
use super::tokens::{Role, Slot, SlotId, Token};

/// A group in [`Tree::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(pub(super) usize);

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Head(Head),
    Form(Box<Form>),
    Group(GroupId),
    /// `identity`, perhaps with a name.
    Identity {
        value: ValueId,
        name: Option<String>,
    },
    /// `@name`.
    Fetch {
        value: ValueId,
        name: String,
    },
    /// `aux < identity > as name`, or of an earlier value `aux < @of > as name`.
    Aux {
        value: ValueId,
        of: Option<String>,
        name: String,
    },
    /// The channels from `first` on, at the beginning of a branch that may become part of a `split`.
    Part {
        op: usize,
        input: ValueId,
        output: ValueId,
    },
    /// `[ … ] * (flag)`.
    Optional(Box<Optional>),
    /// A member of a sequence that is repeated, `… * n`.
    Repeat(Box<Repeat>),
}

/// An operator and its trailing words.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Indices of operators.
    pub(super) op: usize,
    pub(super) trailing: Vec<usize>,
    pub(super) name: Option<String>,
    pub(super) input: ValueId,
    pub(super) output: ValueId,
    /// The printed tokens; empty until the names are known.
    pub(super) tokens: Vec<Token>,
}

/// A branch form.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) kind: &'static str,
    /// The operator that joins the branches; `None` where a policy may remove it.
    pub(super) op: Option<usize>,
    /// For an inner concatenation: the operator of the outer one.
    pub(super) within: Option<usize>,
    pub(super) branches: Vec<Vec<Statement>>,
    pub(super) trailing: Vec<usize>,
    /// The flags of a `residual`, such as `project bn`.
    pub(super) policy: Option<String>,
    /// The operators of the projection that the policy replaces.
    pub(super) projection: Vec<usize>,
    /// `scale=` of a `residual`.
    pub(super) scale: Option<f64>,
    /// The channels of the parts of a `split`.
    pub(super) parts: Vec<u64>,
    pub(super) name: Option<String>,
    pub(super) input: ValueId,
    pub(super) output: ValueId,
    /// The printed trailing words.
    pub(super) tokens: Vec<Token>,
}

/// The way in which the members of a group are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// By automatic names or `as`.
    #[default]
    Explicit,
    /// By number.
    Sequence,
    /// By a pattern with a number.
    Pattern,
}

/// A named scope.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its name within the enclosing scope; it may have several parts.
    pub(super) component: String,
    /// Its path from the network down.
    pub(super) path: Vec<String>,
    pub(super) statements: Vec<Statement>,
    pub(super) mode: Mode,
    /// The pattern of its members' names, such as `"block*" from 1`.
    pub(super) pattern: Option<String>,
    /// The call that is printed instead of it.
    pub(super) call: Option<Call>,
    /// Whether it is a call whose automatic name equals its name.
    pub(super) automatic: bool,
    pub(super) input: ValueId,
    pub(super) output: ValueId,
    /// The channels that arrive at it, and at equal groups that became calls; `None` for a copy for an instance that
    /// lacks it.
    pub(super) channels: Vec<Option<u64>>,
    /// Whether it is a copy for an instance that lacks the statement.
    pub(super) is_copy: bool,
    /// Whether it was made for a model without names.
    pub(super) is_nameless: bool,
}

/// A call of a block.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) block: usize,
    pub(super) arguments: Vec<SlotId>,
}

/// A statement that only some instances have.
#[derive(Clone, Debug)]
pub(super) struct Optional {
    pub(super) statement: Statement,
    pub(super) flag: SlotId,
    pub(super) value: ValueId,
}

/// Equal members of a sequence, one behind the other.
#[derive(Clone, Debug)]
pub(super) struct Repeat {
    /// The first of them.
    pub(super) statement: Statement,
    pub(super) count: SlotId,
    pub(super) output: ValueId,
}

/// A parameter of a block.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) role: Role,
    /// The value of calls that do not give one.
    pub(super) default: Option<u64>,
}

/// A block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    /// Whether its body begins with `let cin = in.c;`.
    pub(super) uses_channels: bool,
    pub(super) body: GroupId,
}

/// All statements of a network.
#[derive(Debug)]
pub(super) struct Tree<'n> {
    pub(super) network: &'n Network,
    /// The parts of each operator's key.
    pub(super) keys: Vec<Option<Vec<String>>>,
    pub(super) hints: Vec<Option<Vec<String>>>,
    pub(super) slots: Vec<Slot>,
    pub(super) groups: Vec<Group>,
    pub(super) blocks: Vec<Block>,
    pub(super) root: Vec<Statement>,
}

impl<'n> Tree<'n> {
    /// A tree over a network, without statements.
    pub(super) fn new(network: &'n Network) -> Tree<'n> {
        let parts = |path: &String| -> Vec<String> {
            path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let key =
            |op: &Op| op.key.as_ref().filter(|_| op.is_keyed()).map(parts).filter(|key| !key.is_empty());
        Tree {
            network,
            keys: network.ops.iter().map(key).collect(),
            hints: network.ops.iter().map(|op| op.hint.as_ref().map(parts)).collect(),
            slots: Vec::new(),
            groups: Vec::new(),
            blocks: Vec::new(),
            root: Vec::new(),
        }
    }

    pub(super) fn op(&self, index: usize) -> &'n Op {
        &self.network.ops[index]
    }

    pub(super) fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.0]
    }

    /// Adds a group of at least one statement.
    pub(super) fn add_group(
        &mut self,
        component: String,
        path: Vec<String>,
        statements: Vec<Statement>,
    ) -> GroupId {
        let ends = |tree: &Self, statement: Option<&Statement>| {
            statement.map_or((ValueId(0), ValueId(0)), |statement| tree.ends(statement))
        };
        let (input, output) = (ends(self, statements.first()).0, ends(self, statements.last()).1);
        let channels = vec![self.network.shapes.get(input.0).map(|shape| shape.channels())];
        self.groups.push(Group {
            component,
            path,
            statements,
            mode: Mode::Explicit,
            pattern: None,
            call: None,
            automatic: false,
            input,
            output,
            channels,
            is_copy: false,
            is_nameless: false,
        });
        GroupId(self.groups.len() - 1)
    }

    /// The values before and after a statement.
    pub(super) fn ends(&self, statement: &Statement) -> (ValueId, ValueId) {
        match statement {
            Statement::Head(head) => (head.input, head.output),
            Statement::Form(form) => (form.input, form.output),
            Statement::Group(id) => (self.group(*id).input, self.group(*id).output),
            Statement::Part { input, output, .. } => (*input, *output),
            Statement::Identity { value, .. }
            | Statement::Fetch { value, .. }
            | Statement::Aux { value, .. } => (*value, *value),
            Statement::Optional(optional) => (optional.value, optional.value),
            Statement::Repeat(repeat) => (self.ends(&repeat.statement).0, repeat.output),
        }
    }

    /// Visits a statement and everything in it; calls are entered only on request.
    pub(super) fn walk<'t>(
        &'t self,
        statement: &'t Statement,
        into_calls: bool,
        visit: &mut dyn FnMut(&'t Statement),
    ) {
        visit(statement);
        match statement {
            Statement::Form(form) => {
                for one in form.branches.iter().flatten() {
                    self.walk(one, into_calls, visit);
                }
            }
            Statement::Group(id) if into_calls || self.group(*id).call.is_none() => {
                for one in &self.group(*id).statements {
                    self.walk(one, into_calls, visit);
                }
            }
            Statement::Optional(optional) => self.walk(&optional.statement, into_calls, visit),
            Statement::Repeat(repeat) => self.walk(&repeat.statement, into_calls, visit),
            _ => {}
        }
    }

    /// Takes the statements of a group out of the tree, so that `change` can change both, and puts them back.
    pub(super) fn within<R>(
        &mut self,
        id: GroupId,
        change: impl FnOnce(&mut Self, &mut Vec<Statement>) -> R,
    ) -> R {
        let mut statements = std::mem::take(&mut self.groups[id.0].statements);
        let result = change(self, &mut statements);
        self.groups[id.0].statements = statements;
        result
    }

    /// Returns whether a group fetches a value from outside of it, or a statement outside fetches one of its values.
    pub(super) fn escapes(&self, id: GroupId) -> bool {
        let (mut named, mut fetched, mut aux) = (BTreeSet::new(), Vec::new(), false);
        for statement in &self.group(id).statements {
            self.walk(statement, true, &mut |one| match one {
                Statement::Identity { value, name: Some(_) } => {
                    named.insert(*value);
                }
                Statement::Fetch { value, .. } => fetched.push(*value),
                Statement::Aux { .. } => aux = true,
                _ => {}
            });
        }
        aux || fetched.iter().any(|value| !named.contains(value))
            || named.iter().any(|value| !fetched.contains(value))
    }

    /// All operators of a statement.
    pub(super) fn ops_of(&self, statement: &Statement) -> Vec<usize> {
        let mut ops = Vec::new();
        self.walk(statement, true, &mut |one| match one {
            Statement::Head(head) => {
                ops.push(head.op);
                ops.extend(&head.trailing);
            }
            Statement::Form(form) => {
                ops.extend(form.op);
                ops.extend(&form.trailing);
                ops.extend(&form.projection);
            }
            _ => {}
        });
        ops
    }

    /// The keys of a statement's operators.
    pub(super) fn keys_of(&self, statement: &Statement) -> Vec<&Vec<String>> {
        self.ops_of(statement).into_iter().filter_map(|op| self.keys[op].as_ref()).collect()
    }

    /// The groups in a list of statements, outer before inner, without those in calls.
    pub(super) fn groups_in(&self, statements: &[Statement]) -> Vec<GroupId> {
        let mut groups = Vec::new();
        for statement in statements {
            self.walk(statement, false, &mut |one| {
                if let Statement::Group(id) = one {
                    groups.push(*id);
                }
            });
        }
        groups
    }

    /// The number of keys below each path.
    pub(super) fn keys_below(&self) -> BTreeMap<Vec<String>, usize> {
        let mut below = BTreeMap::new();
        for key in self.keys.iter().flatten() {
            for length in 0..key.len() {
                *below.entry(key[..length].to_vec()).or_insert(0) += 1;
            }
        }
        below
    }
}

impl Head {
    pub(super) fn new(op: usize, of: &Op) -> Head {
        Head {
            op,
            trailing: Vec::new(),
            name: None,
            input: of.inputs[0],
            output: of.output,
            tokens: Vec::new(),
        }
    }
}

impl Form {
    /// A form without flags.
    pub(super) fn new(
        kind: &'static str,
        op: Option<usize>,
        branches: Vec<Vec<Statement>>,
        input: ValueId,
        output: ValueId,
    ) -> Form {
        Form {
            kind,
            op,
            within: None,
            branches,
            trailing: Vec::new(),
            policy: None,
            projection: Vec::new(),
            scale: None,
            parts: Vec::new(),
            name: None,
            input,
            output,
            tokens: Vec::new(),
        }
    }

    /// A residual form with a shortcut of option A, over its body.
    pub(super) fn zero_padded(
        op: Option<usize>,
        branches: Vec<Vec<Statement>>,
        input: ValueId,
        output: ValueId,
    ) -> Form {
        let form = Form::new("residual", op, branches, input, output);
        Form { policy: Some("zeropad".to_owned()), ..form }
    }
}

impl Statement {
    /// Returns whether it is an `identity` without a name, so an empty branch.
    pub(super) fn is_wire(&self) -> bool {
        matches!(self, Statement::Identity { name: None, .. })
    }

    /// Returns whether it is an `identity` that gives this value a name.
    pub(super) fn names(&self, value: ValueId) -> bool {
        matches!(self, Statement::Identity { value: named, name: Some(_) } if *named == value)
    }
}
