//! Loading the constants of a plan: each is asked for once, in the order of the steps, and the first failure is returned,
//! with any number of threads.

use cnnc::diag::{Code, Failure};
use cnnc::driver::{Options, Session};
use cnnc::exec::Executor;
use cnnc::lower::{KernelPolicy, Plan, PlanOptions, Precision, lower};
use ndarray::{ArrayD, IxDyn};

const LAYERS: u64 = 9;

/// A chain of layers whose weights have 1, 2, 3… filters.
fn chain() -> Plan {
    let layers: String = (1..=LAYERS).map(|filters| format!("conv 1x1x{filters} nobias; ")).collect();
    let source = format!("input 4x4x1; {layers}");
    let session = Session::load(&(), "chain.cnn", source.into_bytes(), "chain");
    let checked = session.compile(&Options::default()).unwrap().checked.unwrap();
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    let (policy, precision) = (KernelPolicy::Fastest, Precision::Highest);
    lower(checked.graph(), &PlanOptions { batch: 1, policy, precision, matrix_unit: false, outputs })
}

fn ones(shape: &[u64]) -> ArrayD<f32> {
    ArrayD::from_elem(IxDyn(&shape.iter().map(|&dim| dim as usize).collect::<Vec<_>>()), 1.0)
}

#[test]
fn constants_are_asked_for_once_in_the_order_of_the_steps() {
    for threads in [1, 2, 3] {
        let mut filters = Vec::new();
        let mut executor = Executor::load(chain(), threads, |constant| {
            filters.push(constant.shape[0]);
            Ok(ones(&constant.shape))
        })
        .unwrap();
        assert_eq!(filters, (1..=LAYERS).collect::<Vec<_>>(), "{threads} threads");
        let outputs = executor.run(&[("input", &ones(&[1, 1, 4, 4]))]).unwrap();
        // Each layer sums the channels before it: 8! in every position.
        assert_eq!(outputs[0], ones(&[1, LAYERS, 4, 4]) * 40_320.0);
    }
}

#[test]
fn the_first_failure_ends_loading() {
    for threads in [1, 2, 3] {
        let mut asked = 0;
        let failure = Executor::load(chain(), threads, |constant| {
            asked += 1;
            match constant.shape[0] {
                filters @ 4.. => Err(Failure::new(Code::E0602, format!("{filters} filters"))),
                _ => Ok(ones(&constant.shape)),
            }
        })
        .unwrap_err();
        assert_eq!((failure.code, failure.message.as_str()), (Code::E0602, "4 filters"), "{threads} threads");
        // With several threads the next constant may have been read before the failure was met.
        assert!(asked <= 6, "{asked} constants were asked for");
    }
}

#[test]
fn a_tensor_with_too_few_elements_is_refused() {
    for threads in [1, 2] {
        let failure = Executor::load(chain(), threads, |_| Ok(ones(&[7]))).unwrap_err();
        assert_eq!(failure.code, Code::E0601);
        assert!(failure.message.starts_with("a tensor has the wrong number of elements"), "{failure:?}");
    }
}
