//! `shared`: a part that runs once more with the same weights gives the same results for the same input.

use cnnc::driver::{Options, Session};
use cnnc::exec::Isa;
use cnnc::lower::KernelPolicy;
use cnnc::ops::Init;
use cnnc::weights::seeded;

use crate::pytorch::run_on;

#[test]
fn a_shared_tower_computes_with_the_weights_of_the_first() {
    let source = "
        block tower() { conv 3x3x16 pad=1 bn relu; dwconv 3x3 pad=1; bn; avgpool global; flatten; dense 5 }
        input 8x8x3 as left;
        input 8x8x3 as right;
        @left; tower() as first;
        @right; shared first as second;
        add < @first | @second >;";
    let session = Session::load(&(), "siamese.cnn", source.as_bytes().to_vec(), "siamese");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let input = |seed| seeded::fill(seed, "input", &Init::Input, false, &[2, 3, 8, 8]);
    for policy in [KernelPolicy::Fastest, KernelPolicy::Reference] {
        let run = |inputs: &[_], output| run_on(inputs, Isa::best(), &checked, output, (7, true), policy, 2);
        let first = run(&[input(1), input(2)], "first");
        assert_eq!(first, run(&[input(2), input(1)], "second"));
        assert_ne!(first, run(&[input(1), input(2)], "second"));
    }
}
