//! Programs compiled from their text, and single kernels run over chosen numbers.

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use cnnc::diag::{Severity, Sink};
use cnnc::ir::{Graph, NodeId};
use cnnc::ops::{Arrays, Init, Number, Operator};
use cnnc::sema::{ExpandOptions, Files, Program, expand};
use cnnc::weights::seeded;

/// The graph of a program, or its errors as `code: headline`.
pub(crate) fn compile(text: &str) -> Result<Graph, Vec<String>> {
    let mut files = Files::default();
    let file = files.set("test.cnn", text);
    let mut sink = Sink::default();
    let program = Program::load(&mut files, &(), file, "test", &mut sink);
    let map = files.map().clone();
    let graph = expand(&program, &map, &ExpandOptions::default(), &mut sink).graph;
    let errors = sink.into_sorted().into_iter().filter(|one| one.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|one| format!("{}: {}", one.code, one.message)).collect();
    if errors.is_empty() { Ok(graph) } else { Err(errors) }
}

/// The value of the last node of a program of one operator, on `input` and `parameters` in their stored order.
pub(crate) fn run(text: &str, input: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
    let graph = compile(text).expect(text);
    let id = graph.ids().next_back().expect("a program has an input");
    let shape = |dims: &[u64]| IxDyn(&dims.iter().map(|&dim| dim as usize).collect::<Vec<_>>());
    let array = |dims: &[u64], values: &[f64]| {
        ArrayD::from_shape_vec(shape(dims), values.to_vec()).expect("as many values as elements")
    };
    let declared = &graph.node(id).parameters;
    assert_eq!(declared.len(), parameters.len(), "{text}");
    let input = array(&graph.operand_shapes(id)[0].stored(), input);
    let parameters: Vec<_> =
        declared.iter().zip(parameters).map(|(one, values)| array(&one.shape, values)).collect();
    apply(&graph, id, &[input.view()], &parameters).into_iter().collect()
}

/// The value of a node for these operands and parameters; what the kernel does not write is NaN.
pub(crate) fn apply<N: Number>(
    graph: &Graph,
    id: NodeId,
    operands: &[ArrayViewD<'_, N>],
    parameters: &[ArrayD<N>],
) -> ArrayD<N> {
    let node = graph.node(id);
    let shape: Vec<usize> = node.shape.stored().into_iter().map(|dim| dim as usize).collect();
    let mut output = ArrayD::from_elem(IxDyn(&shape), N::from_f64(f64::NAN));
    let views: Vec<_> = parameters.iter().map(|array| array.view()).collect();
    let arrays = Arrays { inputs: operands, parameters: &views, output: output.view_mut() };
    node.op().expect("a node with operands").reference(arrays);
    output
}

/// Seeded operands of a node, in [−1, 1).
pub(crate) fn operands<N: Number>(graph: &Graph, id: NodeId) -> Vec<ArrayD<N>> {
    let operands = graph.operands(id).into_iter().enumerate();
    operands.map(|(port, one)| fill(&format!("{port}"), &graph.node(one).shape.stored(), |x| x)).collect()
}

/// Seeded parameters of a node; a variance is positive.
pub(crate) fn parameters<N: Number>(graph: &Graph, id: NodeId) -> Vec<ArrayD<N>> {
    let declared = graph.node(id).parameters.iter();
    declared
        .map(|one| {
            let value = |x: f64| if one.init == Init::NormVariance { 0.5 + x.abs() } else { x };
            fill(one.key, &one.shape, value)
        })
        .collect()
}

fn fill<N: Number>(key: &str, shape: &[u64], value: impl Fn(f64) -> f64) -> ArrayD<N> {
    let shape: Vec<usize> = shape.iter().map(|&dim| dim as usize).collect();
    seeded::fill(1, key, &Init::Input, false, &shape).mapv(|x| N::from_f64(value(f64::from(x))))
}
