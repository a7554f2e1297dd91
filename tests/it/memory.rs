//! Memory of activations against the worked example of tflite-tools' README (Liberis & Lane 2019): a quantised
//! network, the bytes of operands and result during each operator.

use cnnc::analysis::{Checked, Dtype};

use crate::program::compile;

#[test]
fn the_example_of_tflite_tools_is_met_step_by_step() {
    let text = "input 32x32x3; conv 3x3x16; conv 3x3x16; maxpool 2/2; flatten; dense 128; dense 10; softmax";
    let checked = Checked::new(compile(text).unwrap());
    let memory = checked.memory_for(Dtype::Int8, 1);
    let at = |name: &str| {
        let step = checked.liveness().steps().iter().position(|&id| checked.graph().node(id).path == name);
        memory.curve[step.unwrap()]
    };
    let bytes = ["conv1", "conv2", "maxpool1", "dense1", "dense2"].map(at);
    assert_eq!(bytes, [17_472, 26_944, 15_680, 3_264, 138]);
    // The softmax is computed in place here; the example counts its operand and its result.
    assert_eq!(at("softmax1"), 10);
    assert_eq!((memory.lower_bound, memory.planned), (26_944, 26_944));
    assert_eq!(memory.live.iter().map(|live| live.path.as_str()).collect::<Vec<_>>(), ["conv1", "conv2"]);
}
