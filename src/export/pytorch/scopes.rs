//! The tree of paths, and the scopes that can be called by themselves.

use std::collections::BTreeMap;

use crate::ir::{Graph, NodeId};

/// A node of the tree: an operator, or a scope with children.
#[derive(Debug)]
pub(super) struct Scope {
    /// The last part of its path; empty for the network.
    pub(super) name: String,
    /// The enclosing scope; the network is its own parent.
    pub(super) parent: usize,
    /// The children, in the order of the graph.
    pub(super) children: Vec<usize>,
    /// The operator with exactly this path.
    pub(super) own: Option<NodeId>,
    /// The indices of its first and last node.
    pub(super) range: (usize, usize),
    /// The number of its nodes.
    count: usize,
    /// The number of its nodes that serve training only.
    train_only: usize,
    /// Returns whether it can be a module with a `forward`: its inputs and outputs are values.
    pub(super) callable: bool,
}

/// All scopes of a graph; the network is the first, and parents stand before their children.
#[derive(Debug)]
pub(super) struct Scopes {
    /// The scopes.
    pub(super) all: Vec<Scope>,
    /// The scope of each node that is an operator.
    pub(super) of_node: Vec<Option<usize>>,
}

/// The index of the network.
pub(super) const ROOT: usize = 0;

impl Scopes {
    /// Makes the tree of a graph.
    pub(super) fn of(graph: &Graph) -> Result<Scopes, String> {
        let mut scopes = Scopes { all: vec![Scope::new("", ROOT)], of_node: vec![None; graph.len()] };
        let mut children: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (id, node) in graph.nodes().filter(|(_, node)| node.op().is_some()) {
            let mut at = ROOT;
            scopes.all[ROOT].hold(id, node.train_only);
            for part in node.path.split('.') {
                let next = scopes.all.len();
                let child = *children.entry((at, part.to_owned())).or_insert(next);
                if child == next {
                    scopes.all.push(Scope::new(part, at));
                    scopes.all[at].children.push(child);
                }
                at = child;
                scopes.all[at].hold(id, node.train_only);
            }
            scopes.all[at].own = Some(id);
            scopes.of_node[id.index()] = Some(at);
        }
        for scope in 0..scopes.all.len() {
            let between = scopes.operators_between(graph, scope);
            scopes.all[scope].callable = scope == ROOT || scopes.all[scope].stands_together(between);
        }
        scopes.refuse_modules_with_members(graph)?;
        scopes.open_sharing(graph);
        Ok(scopes)
    }

    /// Returns whether a scope is a single operator.
    pub(super) fn is_leaf(&self, scope: usize) -> bool {
        self.all[scope].children.is_empty()
    }

    /// The scopes on the way from `around`, exclusive, to `scope`, inclusive.
    pub(super) fn between(&self, around: usize, mut scope: usize) -> Vec<usize> {
        let mut between = Vec::new();
        while scope != around && scope != ROOT {
            between.push(scope);
            scope = self.all[scope].parent;
        }
        between.reverse();
        between
    }

    /// Returns whether all nodes of a scope serve training only.
    pub(super) fn trains_only(&self, scope: usize) -> bool {
        self.all[scope].train_only == self.all[scope].count
    }

    /// The number of operators of the enclosing scope that stand among the nodes of a scope and that only these use, such
    /// as the `concat` of a decoder between its two convolutions. They have no module, so that the scope can compute
    /// them.
    fn operators_between(&self, graph: &Graph, scope: usize) -> usize {
        let (first, last) = self.all[scope].range;
        // A scope that is mostly gaps is none that a person would call.
        if scope == ROOT || first >= last || last - first >= 2 * self.all[scope].count {
            return 0;
        }
        let trains_only = self.trains_only(scope);
        let within = |id: NodeId| (first..=last).contains(&id.index());
        let is_taken = |id: &NodeId| {
            let (node, own) = (graph.node(*id), self.of_node[id.index()]);
            own.is_some_and(|own| {
                own != scope && self.is_leaf(own) && self.all[own].parent == self.all[scope].parent
            }) && node.op().is_some_and(|op| !op.torch(&graph.operand_shapes(*id), node.shape).module)
                && node.train_only == trains_only
                && node.shares.is_none()
                && graph.outputs().iter().all(|output| output.node != *id)
                && graph.users(*id).iter().all(|&user| within(user))
        };
        graph.ids().skip(first).take(last + 1 - first).filter(is_taken).count()
    }

    /// Marks scopes that use weights from outside as not callable: the caller must reach both places.
    fn open_sharing(&mut self, graph: &Graph) {
        for (id, node) in graph.nodes() {
            let (Some(scope), Some(owner)) = (self.of_node[id.index()], node.shares) else { continue };
            for around in self.between(ROOT, scope) {
                let (first, last) = self.all[around].range;
                let inside = self.of_node[owner.index()]
                    .is_some_and(|owner| self.between(ROOT, owner).contains(&around));
                if !inside || owner.index() < first || owner.index() > last {
                    self.all[around].callable = false;
                }
            }
        }
    }

    fn refuse_modules_with_members(&self, graph: &Graph) -> Result<(), String> {
        for scope in self.all.iter().filter(|scope| !scope.children.is_empty()) {
            let Some(own) = scope.own else { continue };
            let node = graph.node(own);
            let Some(op) = node.op() else { continue };
            if op.torch(&graph.operand_shapes(own), node.shape).module {
                return Err(format!(
                    "`{}` is the operator `{}` and has `{}.{}` in it; give one of them another name",
                    node.path, node.word, node.path, self.all[scope.children[0]].name
                ));
            }
        }
        Ok(())
    }
}

impl Scope {
    fn new(name: &str, parent: usize) -> Scope {
        Scope {
            name: name.to_owned(),
            parent,
            children: Vec::new(),
            own: None,
            range: (usize::MAX, 0),
            count: 0,
            train_only: 0,
            callable: false,
        }
    }

    fn hold(&mut self, id: NodeId, train_only: bool) {
        self.range = (self.range.0.min(id.index()), self.range.1.max(id.index()));
        self.count += 1;
        self.train_only += usize::from(train_only);
    }

    /// Returns whether its nodes are contiguous in the graph but for a number of operators between them, and either all or none of
    /// them serve training only.
    fn stands_together(&self, between: usize) -> bool {
        !self.children.is_empty()
            && self.range.1 - self.range.0 + 1 == self.count + between
            && (self.train_only == 0 || self.train_only == self.count)
    }
}
