//! The drawing of a network, for all formats: vertices, the frames of scopes around them, and edges with shapes.
//!
//! Vertices stand in the order of the source. An edge leads forward unless folding joined operators with
//! others between them; such an edge may lead backward.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::visible;
use crate::ir::{Graph, Node, NodeId, NodeKind};
use crate::ops::Operator;
use crate::tensor::{Shape, Window};

/// The kind of a vertex, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawingStyle {
    /// An input or an output of the network.
    Port,
    /// An operator.
    Operator,
    /// A scope with everything inside folded into one vertex.
    Folded,
}

/// An operator, a folded scope, an input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vertex {
    /// The last part of its path.
    pub name: String,
    /// The operator with its window, such as `conv 3x3/2`.
    pub detail: String,
    /// Its kind.
    pub style: DrawingStyle,
    /// Whether it is drawn dashed: it serves training only, or it runs with the parameters of another vertex, whose
    /// name is in `detail`.
    pub dashed: bool,
    /// The innermost frame around it.
    pub frame: Option<usize>,
}

/// The frame of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The last part of the scope's path.
    pub name: String,
    /// The frame around it, which has a lower number.
    pub parent: Option<usize>,
}

/// A value that flows from one vertex to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The vertex that makes the value.
    pub from: usize,
    /// The vertex that takes it.
    pub to: usize,
    /// The shape of the value.
    pub shape: Shape,
}

/// Vertices, frames and edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The name of the network.
    pub title: String,
    /// In the order of the source, the outputs last.
    pub vertices: Vec<Vertex>,
    /// Outer frames before inner ones.
    pub frames: Vec<Frame>,
    /// By the operator that takes the value, in the order of its operands.
    pub edges: Vec<Edge>,
}

/// The vertices and frames directly in a frame, or in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub frames: Vec<usize>,
    pub vertices: Vec<usize>,
}

impl Drawing {
    /// Draws a graph. With `depth`, every scope whose path has that many parts is folded into one vertex, as
    /// in the table of a report; 0 folds nothing.
    pub fn of(graph: &Graph, depth: Option<usize>) -> Drawing {
        let mut sketch = Sketch::new(graph, depth.filter(|&depth| depth > 0));
        let places: Vec<usize> = graph.nodes().map(|(id, node)| sketch.place(graph, id, node)).collect();
        let mut drawing = sketch.finish();
        // Several edges with one value into a folded scope are drawn once.
        let mut entered: BTreeSet<(usize, usize, Vec<u64>)> = BTreeSet::new();
        for id in graph.ids() {
            let to = places[id.index()];
            for operand in graph.operands(id) {
                let (from, shape) = (places[operand.index()], graph.node(operand).shape);
                let is_folded = drawing.vertices[to].style == DrawingStyle::Folded;
                if from != to && (!is_folded || entered.insert((from, to, shape.dims()))) {
                    drawing.edges.push(Edge { from, to, shape });
                }
            }
        }
        for output in graph.outputs() {
            let (from, shape) = (places[output.node.index()], graph.node(output.node).shape);
            drawing.edges.push(Edge { from, to: drawing.vertices.len(), shape });
            drawing.vertices.push(Vertex {
                name: visible(&output.name).into_owned(),
                detail: "output".to_owned(),
                style: DrawingStyle::Port,
                dashed: output.train_only,
                frame: None,
            });
        }
        drawing
    }

    /// The content of each frame, and last what is in no frame.
    pub(super) fn contents(&self) -> Vec<Content> {
        let outside = self.frames.len();
        let mut contents = vec![Content::default(); outside + 1];
        for (index, frame) in self.frames.iter().enumerate() {
            contents[frame.parent.unwrap_or(outside)].frames.push(index);
        }
        for (index, vertex) in self.vertices.iter().enumerate() {
            contents[vertex.frame.unwrap_or(outside)].vertices.push(index);
        }
        contents
    }
}

/// A drawing in the making: the graph's nodes are placed one by one.
struct Sketch<'a> {
    drawing: Drawing,
    depth: Option<usize>,
    /// The paths of all scopes.
    scopes: BTreeSet<&'a str>,
    frames: BTreeMap<&'a str, usize>,
    folded: BTreeMap<&'a str, Folded>,
}

/// A scope that is folded into one vertex.
struct Folded {
    /// The vertex that stands for it.
    vertex: usize,
    /// The number of operators in it.
    operators: usize,
    /// Whether all of them serve training only.
    train_only: bool,
    /// Whether one of them has parameters of its own.
    owns: bool,
    /// The path whose parameters are used by its first operator without own parameters.
    weights_of: Option<String>,
}

impl Folded {
    fn add(&mut self, graph: &Graph, scope: &str, node: &Node) {
        self.operators += usize::from(node.is_layer);
        self.train_only &= node.train_only;
        self.owns |= !node.parameters.is_empty() && node.shares.is_none();
        if let (Some(owner), None) = (node.shares, &self.weights_of) {
            // If `again.conv1` uses the parameters of `tower.conv1`, then `again` as a whole uses those of `tower`.
            let owner = graph.node(owner).path.as_str();
            let inner = node.path.strip_prefix(scope).filter(|inner| !inner.is_empty());
            let part = inner.and_then(|inner| owner.strip_suffix(inner)).unwrap_or(owner);
            self.weights_of = Some(part.to_owned());
        }
    }
}

impl<'a> Sketch<'a> {
    fn new(graph: &'a Graph, depth: Option<usize>) -> Sketch<'a> {
        let title = visible(graph.name()).into_owned();
        let drawing = Drawing { title, vertices: Vec::new(), frames: Vec::new(), edges: Vec::new() };
        let scopes = graph.nodes().flat_map(|(_, node)| outer_scopes(place_of(node))).collect();
        Sketch { drawing, depth, scopes, frames: BTreeMap::new(), folded: BTreeMap::new() }
    }

    /// The vertex of a node. It is added unless the node lies in a folded scope that already has a vertex.
    fn place(&mut self, graph: &'a Graph, id: NodeId, node: &'a Node) -> usize {
        let path = place_of(node);
        let is_dashed = node.train_only || node.shares.is_some();
        let mut scopes: Vec<&str> = outer_scopes(path).collect();
        // A node with the path of a scope is the form itself (such as `add`), and stands inside that scope's frame.
        if self.scopes.contains(path) && node.is_layer {
            scopes.push(path);
        }
        let fold = self.depth.and_then(|depth| scopes.get(depth - 1).copied());
        let Some(scope) = fold else {
            let frame = self.frame(&scopes);
            return self.push(Vertex {
                name: last_part(&node.path),
                detail: match node.shares {
                    Some(owner) => {
                        format!("{}, weights of {}", detail(graph, id, node), graph.node(owner).path)
                    }
                    None => detail(graph, id, node),
                },
                style: if node.op().is_some() { DrawingStyle::Operator } else { DrawingStyle::Port },
                dashed: is_dashed,
                frame,
            });
        };
        if let Some(folded) = self.folded.get_mut(scope) {
            folded.add(graph, scope, node);
            return folded.vertex;
        }
        let outer: Vec<&str> = outer_scopes(scope).collect();
        let frame = self.frame(&outer);
        let vertex = self.push(Vertex {
            name: last_part(scope),
            detail: String::new(),
            style: DrawingStyle::Folded,
            dashed: false,
            frame,
        });
        let mut folded = Folded { vertex, operators: 0, train_only: true, owns: false, weights_of: None };
        folded.add(graph, scope, node);
        self.folded.insert(scope, folded);
        vertex
    }

    fn push(&mut self, vertex: Vertex) -> usize {
        self.drawing.vertices.push(vertex);
        self.drawing.vertices.len() - 1
    }

    /// The frame of the innermost of nested scopes; missing frames are added.
    fn frame(&mut self, scopes: &[&'a str]) -> Option<usize> {
        let mut parent = None;
        for &scope in scopes {
            let next = self.drawing.frames.len();
            let frame = *self.frames.entry(scope).or_insert(next);
            if frame == next {
                self.drawing.frames.push(Frame { name: last_part(scope), parent });
            }
            parent = Some(frame);
        }
        parent
    }

    fn finish(mut self) -> Drawing {
        for folded in self.folded.values() {
            let plural = if folded.operators == 1 { "" } else { "s" };
            let weights = folded.weights_of.as_deref().filter(|_| !folded.owns);
            let shared = weights.map(|part| format!(", weights of {}", visible(part))).unwrap_or_default();
            let vertex = &mut self.drawing.vertices[folded.vertex];
            vertex.detail = format!("{} operator{plural}{shared}", folded.operators);
            vertex.dashed = folded.train_only || weights.is_some();
        }
        self.drawing
    }
}

/// The path that decides the frames of a node. A part of a `split` counts as standing where the `split` stands.
fn place_of(node: &Node) -> &str {
    let is_part_of_split = node.op().is_some() && !node.is_layer;
    match node.path.rsplit_once('.') {
        Some((form, _)) if is_part_of_split => form,
        _ => &node.path,
    }
}

/// The enclosing scopes of a path, the outermost first.
fn outer_scopes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(dot, _)| &path[..dot])
}

fn last_part(path: &str) -> String {
    visible(path.rsplit_once('.').map_or(path, |(_, last)| last)).into_owned()
}

/// The operator's own caption, else its word with its window, such as `conv 3x3/2`.
fn detail(graph: &Graph, id: NodeId, node: &Node) -> String {
    let NodeKind::Op(op) = &node.kind else { return node.word.to_owned() };
    if let Some(caption) = op.caption() {
        return caption;
    }
    let input = graph.operand_shapes(id).first().copied();
    match input.and_then(|input| op.geometry(input, node.shape).windows()) {
        Some((rows, columns)) => format!("{} {}", node.word, window(rows, columns)),
        None => node.word.to_owned(),
    }
}

fn window(rows: Window, columns: Window) -> String {
    let kernel = format!("{}x{}", rows.kernel, columns.kernel);
    match (rows.stride, columns.stride) {
        (1, 1) => kernel,
        (down, right) if down == right => format!("{kernel}/{down}"),
        (down, right) => format!("{kernel}/{down}x{right}"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::driver::{Options, Session};

    /// The graph of a source text.
    pub(in crate::export) fn graph(text: &str) -> Graph {
        let session = Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test");
        let outcome = session.compile(&Options::default()).expect("there is one network");
        outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics)).graph().clone()
    }

    fn names(drawing: &Drawing) -> Vec<&str> {
        drawing.vertices.iter().map(|vertex| vertex.name.as_str()).collect()
    }

    const NESTED: &str = "input 8x8x4; [residual < conv 3x3x4 same relu > * 2] as trunk[]; flatten";

    #[test]
    fn frames_are_the_scopes_and_edges_carry_shapes() {
        let text = "block b(c) { conv 3x3x(c) same relu } input 8x8x4; [b(4); b(6)] as s[]";
        let drawing = Drawing::of(&graph(text), None);
        assert_eq!(names(&drawing), ["input", "conv1", "relu1", "conv1", "relu1", "out"]);
        let frames: Vec<(&str, Option<usize>)> =
            drawing.frames.iter().map(|frame| (frame.name.as_str(), frame.parent)).collect();
        assert_eq!(frames, [("s", None), ("0", Some(0)), ("1", Some(0))]);
        assert_eq!(drawing.vertices[3].frame, Some(2));
        assert_eq!(drawing.vertices[1].detail, "conv 3x3");
        assert_eq!(drawing.edges.last().map(|edge| edge.shape), Some(Shape::map(8, 8, 6)));
    }

    #[test]
    fn a_folded_scope_is_one_vertex_with_the_edges_of_its_outside() {
        let drawing = Drawing::of(&graph(NESTED), Some(1));
        assert_eq!(names(&drawing), ["input", "trunk", "flatten1", "out"]);
        assert_eq!(drawing.vertices[1].detail, "6 operators");
        assert!(drawing.frames.is_empty());
        let ends: Vec<(usize, usize)> = drawing.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(ends, [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(Drawing::of(&graph(NESTED), Some(0)), Drawing::of(&graph(NESTED), None));
    }

    #[test]
    fn the_parts_of_a_split_stand_beside_it_and_ports_keep_their_order() {
        let drawing = Drawing::of(
            &graph("input 8x8x4; split 2 < conv 1x1x2 | identity >; add < identity | identity >"),
            None,
        );
        assert!(drawing.frames.is_empty(), "{:?}", drawing.frames);
        assert_eq!(drawing.vertices[1].detail, "channels 0..2");
        let sum = drawing.vertices.iter().position(|vertex| vertex.detail == "add").unwrap();
        assert_eq!(drawing.edges.iter().filter(|edge| edge.to == sum).count(), 2, "one for each port");
    }

    #[test]
    fn a_slice_stands_in_the_frame_of_its_block() {
        let drawing = Drawing::of(&graph("block part() { slice 2 } input 8x8x4; part() as first"), None);
        let slice = &drawing.vertices[1];
        assert_eq!((slice.detail.as_str(), slice.frame), ("channels 0..2", Some(0)));
    }

    #[test]
    fn contents_hold_everything_once() {
        let drawing = Drawing::of(&graph(NESTED), None);
        let contents = drawing.contents();
        let mut vertices: Vec<usize> = contents.iter().flat_map(|content| content.vertices.clone()).collect();
        vertices.sort_unstable();
        assert_eq!(vertices, (0..drawing.vertices.len()).collect::<Vec<_>>());
    }
}
