//! Orders statements that do not form a single region; values that are not the current one are named and fetched.

use std::collections::{BTreeMap, BTreeSet};

use super::network::Network;
use super::op::ValueId;
use super::regions::{Item, Regions};
use super::tree::{Form, Statement, Tree};

/// The name of the network's last value, which no other part may have.
pub(super) const OUT: &str = "out";

/// Orders the statements. Values are named `%` and their number until the scopes are known.
pub(super) fn arrange(tree: &Tree<'_>, regions: Regions) -> Vec<Statement> {
    let network = tree.network;
    let one_input = match network.inputs.as_slice() {
        [input] => Some(input.value),
        _ => None,
    };
    let mut order = Order::new(tree, regions);
    let mut writer = Writer { network, current: one_input, fetched: BTreeSet::new(), statements: Vec::new() };
    while let Some((value, item)) = order.next() {
        writer.write(value, item, &mut order.inline);
    }
    writer.finish()
}

/// The items that wait for operands, and those whose operands are all there.
struct Order<'t, 'n> {
    tree: &'t Tree<'n>,
    items: BTreeMap<ValueId, Item>,
    /// Chunks that are used by one join only; they become part of its branch.
    inline: BTreeMap<ValueId, (ValueId, Vec<Statement>)>,
    /// The number of missing operands of each item, by its value.
    missing: BTreeMap<ValueId, usize>,
    users: BTreeMap<ValueId, Vec<ValueId>>,
    /// The ready items, sorted by the ranks of their modules.
    ready: BTreeSet<(Vec<usize>, usize, ValueId)>,
    /// The position at which each module first appears.
    ranks: BTreeMap<Vec<String>, usize>,
    positions: BTreeMap<ValueId, usize>,
}

impl<'t, 'n> Order<'t, 'n> {
    fn new(tree: &'t Tree<'n>, regions: Regions) -> Order<'t, 'n> {
        let network = tree.network;
        let mut uses: BTreeMap<ValueId, usize> = BTreeMap::new();
        for (_, value) in &network.outputs {
            *uses.entry(*value).or_insert(0) += 1;
        }
        for (_, item) in &regions.items {
            for input in inputs(item) {
                *uses.entry(input).or_insert(0) += 1;
            }
        }
        let mut used_by_join: BTreeSet<ValueId> = BTreeSet::new();
        for (_, item) in &regions.items {
            if let Item::Join { inputs, word, .. } = item {
                // The statement of the value with which a shortcut of option A begins stands before the form.
                let inputs = if *word == "zeropad" { &inputs[..1] } else { inputs };
                used_by_join.extend(inputs.iter().filter(|input| uses.get(input) == Some(&1)));
            }
        }
        let is_input = |value: ValueId| network.inputs.iter().any(|input| input.value == value);
        let mut order = Order {
            tree,
            items: BTreeMap::new(),
            inline: BTreeMap::new(),
            missing: BTreeMap::new(),
            users: BTreeMap::new(),
            ready: BTreeSet::new(),
            ranks: BTreeMap::new(),
            positions: BTreeMap::new(),
        };
        for (position, (value, item)) in regions.items.into_iter().enumerate() {
            order.rank(&item);
            order.positions.insert(value, position);
            match item {
                Item::Chunk { input, statements, .. }
                    if used_by_join.contains(&value) && !is_input(input) =>
                {
                    order.inline.insert(value, (input, statements));
                }
                item => {
                    order.items.insert(value, item);
                }
            }
        }
        let waiting: Vec<(ValueId, Vec<ValueId>)> =
            order.items.iter().map(|(&value, item)| (value, order.needs(item))).collect();
        for (value, needs) in waiting {
            let missing: BTreeSet<ValueId> = needs.into_iter().filter(|&need| !is_input(need)).collect();
            if missing.is_empty() {
                order.make_ready(value);
            }
            order.missing.insert(value, missing.len());
            for need in missing {
                order.users.entry(need).or_default().push(value);
            }
        }
        order
    }

    fn ops(&self, item: &Item) -> Vec<usize> {
        match item {
            Item::Join { op, .. } => vec![*op],
            Item::Chunk { statements, .. } => {
                statements.iter().flat_map(|statement| self.tree.ops_of(statement)).collect()
            }
        }
    }

    /// Assigns ranks to the modules of an item that appear for the first time.
    fn rank(&mut self, item: &Item) {
        for op in self.ops(item) {
            let Some(key) = &self.tree.keys[op] else { continue };
            for length in 1..key.len() {
                let next = self.ranks.len();
                self.ranks.entry(key[..length].to_vec()).or_insert(next);
            }
        }
    }

    /// The ranks of an item's modules, the outermost first.
    fn priority(&self, item: &Item) -> Vec<usize> {
        let ops = self.ops(item);
        let key = ops.iter().find_map(|&op| self.tree.keys[op].as_ref()).map(|key| &key[..key.len() - 1]);
        let hint = || ops.iter().rev().find_map(|&op| self.tree.hints[op].as_deref());
        let path = key.or_else(hint).unwrap_or_default();
        (1..=path.len()).filter_map(|length| self.ranks.get(&path[..length]).copied()).collect()
    }

    fn make_ready(&mut self, value: ValueId) {
        let Some(item) = self.items.get(&value) else { return };
        let mut priority = self.priority(item);
        if priority.is_empty() {
            priority.push(usize::MAX);
        }
        self.ready.insert((priority, self.positions[&value], value));
    }

    fn needs(&self, item: &Item) -> Vec<ValueId> {
        let through = |value: ValueId| self.inline.get(&value).map_or(value, |(input, _)| *input);
        inputs(item).into_iter().map(through).collect()
    }

    fn next(&mut self) -> Option<(ValueId, Item)> {
        let (_, _, value) = self.ready.pop_first()?;
        let item = self.items.remove(&value)?;
        for user in self.users.remove(&value).unwrap_or_default() {
            let Some(missing) = self.missing.get_mut(&user) else { continue };
            *missing -= 1;
            if *missing == 0 {
                self.make_ready(user);
            }
        }
        Some((value, item))
    }
}

fn inputs(item: &Item) -> Vec<ValueId> {
    match item {
        Item::Chunk { input, .. } => vec![*input],
        Item::Join { inputs, .. } => inputs.clone(),
    }
}

struct Writer<'n> {
    network: &'n Network,
    current: Option<ValueId>,
    fetched: BTreeSet<ValueId>,
    statements: Vec<Statement>,
}

impl Writer<'_> {
    fn fetch(&mut self, value: ValueId) -> Statement {
        self.fetched.insert(value);
        Statement::Fetch { value, name: String::new() }
    }

    fn write(
        &mut self,
        value: ValueId,
        item: Item,
        inline: &mut BTreeMap<ValueId, (ValueId, Vec<Statement>)>,
    ) {
        match item {
            Item::Chunk { input, statements, .. } => {
                if self.current != Some(input) {
                    let fetch = self.fetch(input);
                    self.statements.push(fetch);
                }
                self.statements.extend(statements);
            }
            Item::Join { op, word: "zeropad", inputs } => {
                if self.current != Some(inputs[1]) {
                    let fetch = self.fetch(inputs[1]);
                    self.statements.push(fetch);
                    self.current = Some(inputs[1]);
                }
                let body = self.branch(inputs[0], inline);
                let form = Form::zero_padded(Some(op), vec![body], inputs[1], value);
                self.statements.push(Statement::Form(Box::new(form)));
            }
            Item::Join { op, word, inputs } => {
                let branches = inputs.iter().map(|&input| self.branch(input, inline)).collect();
                let current = self.current.unwrap_or(inputs[0]);
                self.statements
                    .push(Statement::Form(Box::new(self.join(op, word, branches, current, value))));
            }
        }
        self.current = Some(value);
    }

    fn branch(
        &mut self,
        input: ValueId,
        inline: &mut BTreeMap<ValueId, (ValueId, Vec<Statement>)>,
    ) -> Vec<Statement> {
        if let Some((from, statements)) = inline.remove(&input) {
            if Some(from) == self.current {
                return statements;
            }
            return std::iter::once(self.fetch(from)).chain(statements).collect();
        }
        if Some(input) == self.current {
            return vec![Statement::Identity { value: input, name: None }];
        }
        vec![self.fetch(input)]
    }

    fn join(
        &self,
        op: usize,
        word: &'static str,
        mut branches: Vec<Vec<Statement>>,
        input: ValueId,
        output: ValueId,
    ) -> Form {
        let wire = branches.iter().position(|branch| branch.len() == 1 && branch[0].is_wire());
        if let ("add", [_, _], Some(wire)) = (word, branches.as_slice(), wire) {
            let other = branches.remove(1 - wire);
            let computes = !other[0].is_wire() && !matches!(other[0], Statement::Fetch { .. });
            if computes {
                return Form::new("residual", Some(op), vec![other], input, output);
            }
            branches.insert(1 - wire, other);
        }
        if word == "mul" && wire == Some(1) && branches.len() == 2 {
            branches.reverse();
        }
        Form::new(word, Some(op), branches, input, output)
    }

    /// If the output called `out` is not the last value, fetches it at the end.
    fn end_with_out(&mut self) {
        let out = self.network.outputs.iter().find(|(name, _)| name == OUT).map(|(_, value)| *value);
        if let Some(value) = out
            && self.current != Some(value)
        {
            let fetch = self.fetch(value);
            self.statements.push(fetch);
            self.current = Some(value);
        }
    }

    /// Adds names behind statements whose values are fetched, and `aux` for outputs other than the last value.
    fn finish(mut self) -> Vec<Statement> {
        self.end_with_out();
        let Writer { network, current, fetched, statements } = self;
        let mut finished = Vec::new();
        // A single input is the current value at the beginning; several have names.
        if let [input] = network.inputs.as_slice()
            && fetched.contains(&input.value)
        {
            finished.push(named(input.value));
        }
        // An input that is also an output.
        for input in network.inputs.iter().filter(|input| Some(input.value) != current) {
            let value = input.value;
            let names = network.outputs.iter().filter(|(_, one)| *one == value);
            for (at, (name, _)) in names.enumerate() {
                if at == 0 && network.inputs.len() > 1 {
                    finished.push(Statement::Fetch { value, name: String::new() });
                }
                finished.push(Statement::Aux { value, of: None, name: name.clone() });
            }
        }
        for statement in statements {
            let output = match &statement {
                Statement::Fetch { .. } => None,
                Statement::Head(head) => Some(head.output),
                Statement::Form(form) => Some(form.output),
                _ => None,
            };
            finished.push(statement);
            let Some(value) = output else { continue };
            if fetched.contains(&value) {
                finished.push(named(value));
            }
            for (name, _) in network.outputs.iter().filter(|(_, one)| *one == value && Some(value) != current)
            {
                finished.push(Statement::Aux { value, of: None, name: name.clone() });
            }
        }
        // If the last value is an output under several names, the others become `aux`.
        let mut last: Vec<_> = network.outputs.iter().filter(|(_, value)| Some(*value) == current).collect();
        last.sort_by_key(|(name, _)| name != OUT);
        let again = last.iter().skip(1);
        finished.extend(again.map(|(name, value)| Statement::Aux {
            value: *value,
            of: None,
            name: name.clone(),
        }));
        if finished.is_empty()
            && let Some((_, value)) = network.outputs.first()
        {
            finished.push(Statement::Identity { value: *value, name: None });
        }
        finished
    }
}

fn named(value: ValueId) -> Statement {
    Statement::Identity { value, name: Some(format!("%{}", value.0)) }
}
