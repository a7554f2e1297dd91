//! The inputs of a run: what is missing, unknown, repeated or misshapen is refused before anything is computed.

use ndarray::{ArrayD, IxDyn};

use cnnc::driver::{Options, Session};
use cnnc::exec::{Executor, InputError};
use cnnc::lower::{KernelPolicy, PlanOptions, lower};

/// The arguments of a run.
type Given<'a> = &'a [(&'a str, &'a ArrayD<f32>)];

/// The sum of two inputs, for a batch of two.
fn sum() -> Executor {
    let source = "input 1x2x1 as left; input 1x2x1 as right; add < @left | @right >;";
    let session = Session::load(&(), "sum.cnn", source.as_bytes().to_vec(), "sum");
    let checked = session.compile(&Options::default()).unwrap().checked.unwrap();
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    let plan = lower(checked.graph(), &PlanOptions { batch: 2, policy: KernelPolicy::Fastest, outputs });
    Executor::load(plan, 1, |_| unreachable!("a sum has no constants")).unwrap()
}

fn filled(shape: &[usize], value: f32) -> ArrayD<f32> {
    ArrayD::from_elem(IxDyn(shape), value)
}

#[test]
fn inputs_are_given_by_name_in_any_order() {
    let (left, right) = (filled(&[2, 1, 1, 2], 1.0), filled(&[2, 1, 1, 2], 5.0));
    for inputs in [[("left", &left), ("right", &right)], [("right", &right), ("left", &left)]] {
        assert_eq!(sum().run(&inputs).unwrap(), [filled(&[2, 1, 1, 2], 6.0)]);
    }
}

#[test]
fn a_run_that_is_refused_leaves_nothing_behind() {
    let mut executor = sum();
    let (left, right) = (filled(&[2, 1, 1, 2], 1.0), filled(&[2, 1, 1, 2], 5.0));
    let large = filled(&[2, 1, 1, 3], 7.0);
    let single = filled(&[1, 1, 1, 2], 7.0);
    executor.run(&[("left", &left), ("right", &right)]).unwrap();
    let name = |name: &str| name.to_owned();
    let misshapen = |found: &[usize]| InputError::Shape {
        name: name("right"),
        expected: vec![2, 1, 1, 2],
        found: found.to_vec(),
    };
    let known = vec![name("left"), name("right")];
    let refused: [(Given<'_>, InputError); 6] = [
        (&[], InputError::Missing { name: name("left") }),
        (
            &[("left", &large)],
            InputError::Shape { name: name("left"), expected: vec![2, 1, 1, 2], found: vec![2, 1, 1, 3] },
        ),
        (&[("left", &left)], InputError::Missing { name: name("right") }),
        (&[("left", &left), ("right", &single)], misshapen(&[1, 1, 1, 2])),
        (&[("left", &left), ("right", &right), ("left", &left)], InputError::Repeated { name: name("left") }),
        (&[("left", &left), ("up", &right)], InputError::Unknown { name: name("up"), known }),
    ];
    for (inputs, expected) in refused {
        assert_eq!(executor.run(inputs), Err(expected));
    }
    assert_eq!(executor.run(&[("right", &right), ("left", &right)]).unwrap(), [filled(&[2, 1, 1, 2], 10.0)]);
}
