//! Turns series and parallel regions of the graph into lists of statements and branch forms, from the inside out.

use std::collections::BTreeSet;

use super::network::Network;
use super::op::ValueId;
use super::tree::{Form, Head, Statement};

/// The number of operands up to which a concatenation is searched for inner ones.
const MOST_NESTED: usize = 64;
/// The depth of nested forms; the language allows 128 nested brackets, scopes included.
const DEEPEST: usize = 40;
/// The number of passes over the graph; each pass must make at least one new region.
const MOST_ROUNDS: usize = 64;

/// A part of the graph that is not yet part of another one.
#[derive(Debug)]
pub(super) enum Item {
    /// Statements that lead from one value to another, with the depth of their nested forms.
    Chunk { input: ValueId, statements: Vec<Statement>, depth: usize },
    /// An operator with several operands that is not part of a form yet.
    Join { op: usize, word: &'static str, inputs: Vec<ValueId> },
}

/// The remaining items, by the value that they make, in the order of the text.
pub(super) struct Regions {
    pub(super) items: Vec<(ValueId, Item)>,
}

struct Reducer<'n> {
    network: &'n Network,
    /// By value.
    items: Vec<Option<Item>>,
    /// The number of items and outputs that use each value.
    uses: Vec<usize>,
    /// The channels of the values that nested concatenations add to the network's.
    added: Vec<u64>,
    /// Whether parts of a value may begin branches of any form, each as an operator: nothing more becomes a `split`.
    may_slice: bool,
}

/// Every operator as an item of its own.
pub(super) fn single(network: &Network) -> Regions {
    let items = network.ops.iter().enumerate().map(|(index, op)| (op.output, item(index, network)));
    Regions { items: items.collect() }
}

fn item(index: usize, network: &Network) -> Item {
    let op = &network.ops[index];
    if op.is_join() {
        return Item::Join { op: index, word: op.word, inputs: op.inputs.clone() };
    }
    Item::Chunk { input: op.inputs[0], statements: vec![Statement::Head(Head::new(index, op))], depth: 0 }
}

/// Reduces the graph as far as it is series-parallel.
pub(super) fn reduce(network: &Network) -> Regions {
    let mut items: Vec<Option<Item>> = network.shapes.iter().map(|_| None).collect();
    for (index, op) in network.ops.iter().enumerate() {
        let mut one = item(index, network);
        if let (Item::Chunk { input, statements, .. }, "slice") = (&mut one, op.word) {
            *statements = vec![Statement::Part { op: index, input: *input, output: op.output }];
        }
        items[op.output.0] = Some(one);
    }
    let mut order: Vec<ValueId> = network.ops.iter().map(|op| op.output).collect();
    let mut reducer = Reducer { network, items, uses: network.uses(), added: Vec::new(), may_slice: false };
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        let mut position = 0;
        while position < order.len() {
            let value = order[position];
            changed |= reducer.parallel(value, &mut order, position);
            changed |= reducer.series(value);
            position += 1;
        }
        order.retain(|value| reducer.items[value.0].is_some());
        if !changed && reducer.may_slice {
            break;
        }
        reducer.may_slice |= !changed;
    }
    let items = order.into_iter().filter_map(|value| Some((value, reducer.items[value.0].take()?)));
    Regions { items: items.map(|(value, item)| (value, whole_slices(item))).collect() }
}

/// Turns parts that did not become branches of a `split` into operators.
fn whole_slices(mut item: Item) -> Item {
    fn replace(statements: &mut [Statement]) {
        for statement in statements {
            match statement {
                Statement::Part { op, input, output } => {
                    *statement = Statement::Head(Head {
                        op: *op,
                        trailing: Vec::new(),
                        name: None,
                        input: *input,
                        output: *output,
                        tokens: Vec::new(),
                    });
                }
                Statement::Form(form) => form.branches.iter_mut().for_each(|branch| replace(branch)),
                _ => {}
            }
        }
    }
    if let Item::Chunk { statements, .. } = &mut item {
        replace(statements);
    }
    item
}

impl Reducer<'_> {
    fn chunk_input(&self, value: ValueId) -> Option<ValueId> {
        match self.items.get(value.0)?.as_ref()? {
            Item::Chunk { input, .. } => Some(*input),
            Item::Join { .. } => None,
        }
    }

    /// Joins the chunk that makes `value` with the chunks before it that have no other user.
    fn series(&mut self, value: ValueId) -> bool {
        let (mut before, mut deepest) = (Vec::new(), 0);
        let Some(mut input) = self.chunk_input(value) else { return false };
        while self.uses[input.0] == 1
            && let Some(earlier) = self.chunk_input(input)
        {
            if let Some(Item::Chunk { statements, depth, .. }) = self.items[input.0].take() {
                deepest = deepest.max(depth);
                before.push(statements);
            }
            input = earlier;
        }
        if before.is_empty() {
            return false;
        }
        if let Some(Item::Chunk { input: own, statements, depth }) = &mut self.items[value.0] {
            *depth = deepest.max(*depth);
            // The first chunk is extended, so that each statement of a long series is moved once.
            let mut all = before.pop().unwrap_or_default();
            all.extend(before.into_iter().rev().flatten());
            all.append(statements);
            *statements = all;
            *own = input;
        }
        true
    }

    /// Turns the join that makes `value` into a form, if all its operands come from one value.
    fn parallel(&mut self, value: ValueId, order: &mut Vec<ValueId>, position: usize) -> bool {
        let Some(Item::Join { op, word, inputs }) = &self.items[value.0] else { return false };
        let (op, word, inputs) = (*op, *word, inputs.clone());
        let fork = match (word, inputs.as_slice()) {
            // The shortcut has no operators of its own.
            ("zeropad", &[body, from]) => Some(from).filter(|from| self.beginnings(body).contains(from)),
            _ => self.common(&inputs),
        };
        let Some(fork) = fork else {
            if word == "concat" && (3..=MOST_NESTED).contains(&inputs.len()) {
                return self.nested(value, op, &inputs, order, position);
            }
            return false;
        };
        let Some(chunk) = self.form(Some(op), word, &inputs, fork, value) else { return false };
        self.items[value.0] = Some(chunk);
        true
    }

    /// The values from which a branch to an operand could start: the operand itself, or the input of the chunk that
    /// makes it if that has no other user.
    fn beginnings(&self, input: ValueId) -> BTreeSet<ValueId> {
        let mut beginnings = BTreeSet::from([input]);
        if self.uses[input.0] == 1 {
            beginnings.extend(self.chunk_input(input));
        }
        beginnings
    }

    fn common(&self, inputs: &[ValueId]) -> Option<ValueId> {
        let mut sets = inputs.iter().map(|&input| self.beginnings(input));
        let mut common = sets.next()?;
        for set in sets {
            common.retain(|value| set.contains(value));
        }
        let wires = |value: &ValueId| inputs.iter().filter(|input| *input == value).count();
        common.into_iter().min_by_key(|value| (wires(value), *value))
    }

    /// The form with a branch from `fork` to each of the operands.
    fn form(
        &mut self,
        op: Option<usize>,
        word: &'static str,
        inputs: &[ValueId],
        fork: ValueId,
        output: ValueId,
    ) -> Option<Item> {
        let depths = inputs.iter().map(|&input| match self.items[input.0].as_ref() {
            Some(Item::Chunk { depth, .. }) if input != fork => *depth,
            _ => 0,
        });
        let depth = 1 + depths.max().unwrap_or(0);
        if depth > DEEPEST {
            return None;
        }
        let first = |reducer: &Self, input: ValueId| match reducer.items[input.0].as_ref() {
            Some(Item::Chunk { statements, .. }) if input != fork => match statements.first() {
                Some(Statement::Part { op, output, .. }) => Some((*op, *output)),
                _ => None,
            },
            _ => None,
        };
        let parts: Vec<Option<(usize, ValueId)>> = inputs.iter().map(|&input| first(self, input)).collect();
        let split = match parts.iter().any(Option::is_some) {
            true => self.split(word, &parts, fork),
            false => None,
        };
        if split.is_none() && parts.iter().any(Option::is_some) && !self.may_slice {
            return None;
        }
        let mut branches = Vec::new();
        for (&input, part) in inputs.iter().zip(&parts) {
            if input == fork {
                branches.push(vec![Statement::Identity { value: fork, name: None }]);
                continue;
            }
            let Some(Item::Chunk { mut statements, .. }) = self.items[input.0].take() else { return None };
            if let (Some(_), Some((_, value))) = (&split, part) {
                statements.remove(0);
                if statements.is_empty() {
                    statements.push(Statement::Identity { value: *value, name: None });
                }
            }
            branches.push(statements);
        }
        self.uses[fork.0] = self.uses[fork.0] + 1 - inputs.len();
        let mut form = shaped(op, word, branches, fork, output);
        if let Some(parts) = split {
            (form.kind, form.parts) = ("split", parts);
        }
        Some(Item::Chunk { input: fork, statements: vec![Statement::Form(Box::new(form))], depth })
    }

    /// The channels of each part, if the parts are all channels of the value in order and each begins a branch.
    fn split(&self, word: &str, parts: &[Option<(usize, ValueId)>], fork: ValueId) -> Option<Vec<u64>> {
        if word != "concat" {
            return None;
        }
        let (mut next, mut sizes) = (0, Vec::new());
        for part in parts {
            let (op, value) = (*part)?;
            let at = self.network.ops[op].arguments.iter().find_map(|argument| match argument {
                super::op::Argument::Number("at", at, _) => Some(*at),
                _ => None,
            })?;
            if at != next {
                return None;
            }
            let count = self.network.shape(value).channels();
            next += count;
            sizes.push(count);
        }
        // Unequal sizes stand in the text as they are; where a block has others at each call, slices say it shorter.
        let is_plain = self.uses[fork.0] == parts.len() || sizes.iter().all(|size| *size == sizes[0]);
        (is_plain && next == self.channels(fork)).then_some(sizes)
    }

    fn channels(&self, value: ValueId) -> u64 {
        match self.network.shapes.get(value.0) {
            Some(shape) => shape.channels(),
            None => self.added[value.0 - self.network.shapes.len()],
        }
    }

    /// Turns neighbouring operands of a concatenation with a common fork into an inner form, which is right because
    /// concatenation is associative.
    fn nested(
        &mut self,
        value: ValueId,
        op: usize,
        inputs: &[ValueId],
        order: &mut Vec<ValueId>,
        position: usize,
    ) -> bool {
        let begins: Vec<BTreeSet<ValueId>> = inputs
            .iter()
            .map(|&input| match self.items.get(input.0).and_then(Option::as_ref) {
                Some(Item::Chunk { statements, .. })
                    if self.uses[input.0] == 1
                        && matches!(statements.first(), Some(Statement::Part { .. })) =>
                {
                    BTreeSet::new()
                }
                _ => self.beginnings(input),
            })
            .collect();
        for length in (2..inputs.len()).rev() {
            for start in (0..=inputs.len() - length).rev() {
                let range = start..start + length;
                let mut common = begins[start].clone();
                begins[range.clone()].iter().for_each(|set| common.retain(|value| set.contains(value)));
                let wires = |inputs: &[ValueId], fork| inputs.iter().filter(|&&input| input == fork).count();
                let fork = common.into_iter().find(|&fork| {
                    // Every use of the fork is one of these operands.
                    self.items.get(fork.0).is_some_and(Option::is_some)
                        && self.uses[fork.0] == length
                        && wires(inputs, fork) == wires(&inputs[range.clone()], fork)
                });
                let Some(fork) = fork else { continue };
                let channels = inputs[range.clone()].iter().map(|&input| self.channels(input)).sum();
                let inner = ValueId(self.items.len());
                let Some(mut chunk) = self.form(None, "concat", &inputs[range.clone()], fork, inner) else {
                    continue;
                };
                if let Item::Chunk { statements, .. } = &mut chunk
                    && let Some(Statement::Form(form)) = statements.last_mut()
                {
                    form.within = Some(op);
                }
                self.added.push(channels);
                self.uses.push(1);
                self.items.push(Some(chunk));
                let inputs = [&inputs[..start], &[inner], &inputs[range.end..]].concat();
                self.items[value.0] = Some(Item::Join { op, word: "concat", inputs });
                order.insert(position, inner);
                return true;
            }
        }
        false
    }
}

/// The number of convolutions in a branch.
fn convolutions(statements: &[Statement], is_convolution: &dyn Fn(usize) -> bool) -> usize {
    statements
        .iter()
        .map(|statement| match statement {
            Statement::Head(head) => usize::from(is_convolution(head.op)),
            Statement::Form(form) => {
                form.branches.iter().map(|branch| convolutions(branch, is_convolution)).sum()
            }
            _ => 0,
        })
        .sum()
}

/// Chooses the form that an author would write for a join.
fn shaped(
    op: Option<usize>,
    word: &'static str,
    mut branches: Vec<Vec<Statement>>,
    input: ValueId,
    output: ValueId,
) -> Form {
    if word == "zeropad" {
        branches.truncate(1);
        return Form::zero_padded(op, branches, input, output);
    }
    let wires: Vec<bool> = branches.iter().map(|branch| branch[0].is_wire() && branch.len() == 1).collect();
    let kind = match (word, wires.as_slice()) {
        ("add", [left, right]) if left != right => {
            branches.remove(usize::from(!*left));
            branches = vec![branches.remove(0)];
            "residual"
        }
        ("mul", [false, true]) => {
            branches.reverse();
            "mul"
        }
        ("concat", wires) if wires.len() > 2 && !wires.contains(&true) => "inception",
        _ => word,
    };
    Form::new(kind, op, branches, input, output)
}

/// Turns sums of a body and a short shortcut into `residual`.
pub(super) fn shortcuts(statements: &mut [Statement], network: &Network) {
    let is_convolution = |op: usize| matches!(network.ops[op].word, "conv" | "dwconv");
    for statement in statements {
        let Statement::Form(form) = statement else { continue };
        form.branches.iter_mut().for_each(|branch| shortcuts(branch, network));
        let elsewhere = |one: &Statement| one.is_wire() || matches!(one, Statement::Fetch { .. });
        let wired = form.branches.iter().any(|branch| elsewhere(&branch[0]));
        if form.kind == "add" && form.branches.len() == 2 && !wired {
            let counts: Vec<usize> =
                form.branches.iter().map(|branch| convolutions(branch, &is_convolution)).collect();
            if counts[0] != counts[1] && counts[0].min(counts[1]) <= 1 {
                form.kind = "residual";
                if counts[0] < counts[1] {
                    form.branches.reverse();
                }
            }
        }
        // A factor at the end of the body becomes `scale=`.
        if form.kind == "residual"
            && let [.., _, Statement::Head(last)] = form.branches[0].as_slice()
            && network.ops[last.op].word == "times"
        {
            form.scale = network.ops[last.op].real();
            form.branches[0].pop();
        }
    }
}
