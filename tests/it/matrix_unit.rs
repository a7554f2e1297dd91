//! Convolutions on a matrix unit, by its model on every machine and by the unit where there is one, against the
//! definitions of the operators; `tests/matrix_unit` runs the unit's own instructions on other machines.

use ndarray::ArrayD;
use proptest::prelude::*;

use cnnc::analysis::Checked;
use cnnc::exec::{Executor, Isa};
use cnnc::lower::{Algorithm, Convolution, Kernel, KernelPolicy, PlanOptions, Precision, Products, lower};
use cnnc::ops::Init;
use cnnc::weights::seeded;

use super::convolutions::compile;

/// The largest error of a layer as a share of its largest output. Layers that sum a few products only average no errors:
/// [`FEW`] times as much.
const BOUNDS: [(Precision, f32); 3] =
    [(Precision::Highest, 4e-6), (Precision::High, 1e-5), (Precision::Medium, 2e-2)];

const FEW: usize = 4;

/// The units of this machine. The model is always one.
#[allow(clippy::print_stderr, reason = "tells that a part of the tests is skipped")]
fn units() -> Vec<Isa> {
    if Isa::Amx.available() == Isa::Amx {
        return vec![Isa::MatrixModel, Isa::Amx];
    }
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| eprintln!("skipped: the tests of AMX itself, because this machine or system has none"));
    vec![Isa::MatrixModel]
}

fn options(checked: &Checked, batch: usize, policy: KernelPolicy, precision: Precision) -> PlanOptions {
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    PlanOptions { batch, policy, precision, matrix_unit: true, outputs }
}

fn input(checked: &Checked, batch: usize) -> ArrayD<f32> {
    let shape = checked.graph().inputs().next().unwrap().1.shape;
    let shape: Vec<usize> =
        [batch].into_iter().chain(shape.stored().into_iter().map(|dim| dim as usize)).collect();
    seeded::fill(3, "input", &Init::Input, false, &shape)
}

/// The output of a network, with the weights that `change` makes of seeded ones.
fn run_with(
    checked: &Checked,
    (isa, options, threads): (Isa, &PlanOptions, usize),
    input: &ArrayD<f32>,
    change: impl Fn(&mut ArrayD<f32>),
) -> ArrayD<f32> {
    let graph = checked.graph();
    let tensor = |(id, index): (cnnc::ir::NodeId, usize)| {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        let path = format!("{}.{}", node.path, parameter.key);
        let mut values = seeded::fill(3, &path, &parameter.init, true, &shape);
        change(&mut values);
        values
    };
    let plan = lower(graph, options);
    let mut executor = Executor::load_for(isa, plan, threads, |recipe| {
        Ok(recipe.evaluate(recipe.reads().into_iter().map(tensor).collect()))
    })
    .unwrap();
    let name = graph.inputs().next().unwrap().1.path.clone();
    executor.run(&[(name.as_str(), input)]).unwrap().swap_remove(0)
}

fn run(checked: &Checked, of: (Isa, &PlanOptions, usize), input: &ArrayD<f32>) -> ArrayD<f32> {
    run_with(checked, of, input, |_| {})
}

/// The convolutions of a plan that a matrix unit computes, and all.
fn on_unit(checked: &Checked, options: &PlanOptions) -> (usize, usize) {
    let plan = lower(checked.graph(), options);
    let convolutions = plan.steps.iter().filter_map(|step| match step.kernel {
        Kernel::Conv(Convolution { algorithm, .. }) => Some(algorithm),
        _ => None,
    });
    let all: Vec<Algorithm> = convolutions.collect();
    (all.iter().filter(|one| matches!(one, Algorithm::Matrix(_))).count(), all.len())
}

/// Compares a network with its definition, for each unit and precision; `layers` is the number of layers that round one
/// after another.
fn check(source: &str, batch: usize, layers: usize) {
    let checked = compile(source);
    let input = input(&checked, batch);
    let reference = options(&checked, batch, KernelPolicy::Reference, Precision::Highest);
    let expected = run(&checked, (Isa::best(), &reference, 2), &input);
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    for isa in units() {
        for (precision, bound) in BOUNDS {
            let options = options(&checked, batch, KernelPolicy::MatrixUnit, precision);
            let (found, all) = on_unit(&checked, &options);
            assert_eq!(found, all, "{source}");
            let one = run(&checked, (isa, &options, 1), &input);
            let off = one.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
            assert!(off <= bound * layers as f32, "{isa:?} {precision:?} {source}: off by {off:e}");
            if precision == Precision::Highest {
                let three = run(&checked, (isa, &options, 3), &input);
                assert_eq!(
                    one.mapv(f32::to_bits),
                    three.mapv(f32::to_bits),
                    "{isa:?} {precision:?} {source}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn convolutions_of_every_shape_are_those_of_the_definition(
        (height, width) in (3u64..19, 3u64..40),
        channels in prop::sample::select(vec![1u64, 2, 3, 8, 15, 16, 17, 24, 32, 40, 48, 65]),
        filters in prop::sample::select(vec![16u64, 17, 24, 32, 48, 80]),
        groups in prop::sample::select(vec![1u64, 1, 1, 2, 3]),
        (kernel_height, kernel_width) in (1u64..5, 1u64..8),
        (stride_down, stride_across) in (1u64..4, 1u64..5),
        (dilate_down, dilate_across) in (1u64..4, 1u64..4),
        (top, bottom, left, right) in (0u64..4, 0u64..4, 0u64..4, 0u64..4),
        activation in prop::sample::select(vec!["", "relu", "relu6", "tanh", "leaky"]),
        batch in 1usize..3,
    ) {
        let (extent_down, extent_across) =
            (dilate_down * (kernel_height - 1) + 1, dilate_across * (kernel_width - 1) + 1);
        prop_assume!(height + top + bottom >= extent_down && width + left + right >= extent_across);
        // Groups of whole blocks; pictures without gaps.
        let (channels, filters) = match groups {
            1 => (channels, filters),
            _ => (channels.next_multiple_of(16) * groups, filters.next_multiple_of(16) * groups),
        };
        let dilate_across = if channels < 16 { 1 } else { dilate_across };
        prop_assume!(width + left + right > dilate_across * (kernel_width - 1));
        check(
            &format!(
                "input {height}x{width}x{channels}; conv {kernel_height}x{kernel_width}x{filters}/{stride_down}x{stride_across} \
                 pad=({top},{bottom},{left},{right}) dilate=({dilate_down},{dilate_across}) groups={groups} bn {activation}"
            ),
            batch,
            FEW,
        );
    }
}

#[test]
fn layers_of_published_networks_are_those_of_the_definition() {
    for (source, layers, batch) in [
        ("input 37x29x3; conv 7x7x32/2 pad=3 bn relu", 1, 1),
        ("input 47x40x3; conv 11x11x48/4 relu", 1, 2),
        ("input 20x20x1; conv 5x5x16 same", 1, 1),
        ("input 10x9x48; residual < conv 3x3x48 same relu; conv 3x3x48 same > relu", 2, 1),
        ("input 10x10x32; residual project < conv 1x1x32/2; conv 3x3x32 same; conv 1x1x96 > relu", 3, 2),
        (
            "input 9x9x48; concat < conv 1x1x64 relu | conv 1x1x16 relu; conv 5x5x32 same relu | maxpool 3/1 same; conv 1x1x32 > relu; conv 3x3x20 same",
            3,
            1,
        ),
        (
            "input 7x7x32; concat < identity | conv 3x3x32 same >; concat < identity | conv 3x3x32 same >; bn relu; conv 1x1x16",
            3,
            3,
        ),
        ("input 11x9x32; conv 1x7x48 same relu; conv 7x1x20 same relu", 2, 1),
        ("input 17x17x40; conv 3x3x24 dilate=6 pad=6 relu6", 1, 1),
        ("input 9x9x96; conv 3x3x64/2 pad=1 groups=2; conv 3x3x96 same groups=2 silu", 2, 1),
        ("input 1x1x80; conv 1x1x48 sigmoid", 1, 3),
        ("input 6x150x16; conv 3x3x16/1x2 pad=1", 1, 1),
    ] {
        check(source, batch, layers);
    }
}

/// Large maps are divided into strips, small ones are copied once for all threads.
#[test]
fn strips_of_a_large_map_meet() {
    check("input 40x44x96; conv 2x2x16 pad=(0,1,0,1) relu", 1, 1);
    check("input 60x64x48; conv 3x3x16/2 pad=1", 1, 1);
    check("input 260x200x3; conv 3x3x16/2 pad=1 relu", 1, FEW);
}

/// A picture gives the same bits in every batch.
#[test]
fn batches_change_no_bit() {
    let checked = compile("input 30x31x3; conv 3x3x48/2 same relu; conv 3x3x48 same relu; conv 1x1x80");
    let input = input(&checked, 3);
    for isa in units() {
        for (precision, _) in BOUNDS {
            let run = |batch: usize, input: &ArrayD<f32>| {
                run(&checked, (isa, &options(&checked, batch, KernelPolicy::MatrixUnit, precision), 2), input)
            };
            let all = run(3, &input);
            for picture in 0..3 {
                let one = input.slice_axis(ndarray::Axis(0), (picture..picture + 1).into()).to_owned();
                let expected = all.slice_axis(ndarray::Axis(0), (picture..picture + 1).into());
                assert_eq!(run(1, &one).mapv(f32::to_bits), expected.mapv(|value| value.to_bits()));
            }
        }
    }
}

/// Whether both are the same number as far as range goes, or near.
fn agree(found: f32, expected: f32, near: f32) -> bool {
    if expected.is_finite() {
        (found - expected).abs() <= near
    } else {
        found == expected || found.is_nan() && expected.is_nan()
    }
}

const EXTREME: [f32; 7] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38, f32::MAX, f32::MIN, 1e-42];

const KINDS: [&str; 9] = [
    "input 7x9x64; conv 1x1x48 relu",
    "input 9x11x40; conv 3x3x20 same",
    "input 9x11x17; conv 3x3x32/2 pad=1 relu6",
    "input 9x11x40; conv 3x3x64 dilate=2 sigmoid",
    "input 12x14x3; conv 5x5x16/2 same",
    "input 12x14x1; conv 3x3x40 relu",
    "input 8x8x64; conv 3x3x64 same groups=2",
    "input 8x8x48; residual < conv 3x3x48 same > relu",
    "input 8x8x32; concat < conv 1x1x16 | conv 1x1x32 relu | identity >",
];

#[test]
fn values_without_parts_reach_what_reads_them_and_nothing_else() {
    for source in KINDS {
        let checked = compile(source);
        let undisturbed = input(&checked, 2);
        let len = undisturbed.len();
        let inputs = EXTREME.into_iter().enumerate().map(|(turn, value)| {
            let mut input = undisturbed.clone();
            // The second picture stays as it is.
            input.as_slice_mut().unwrap()[(turn * 7919 + len / 3) % (len / 2)] = value;
            input
        });
        let inputs: Vec<ArrayD<f32>> = inputs.collect();
        let reference = options(&checked, 2, KernelPolicy::Reference, Precision::Highest);
        let define = |input: &ArrayD<f32>| run(&checked, (Isa::best(), &reference, 1), input);
        let clean = define(&undisturbed);
        let expected: Vec<ArrayD<f32>> = inputs.iter().map(define).collect();
        // The steps of a picture reach over the end of a window, with weights of zero. What they meet there is computed
        // again, which may change the last bit.
        let is_picture = source.contains("x3;") || source.contains("x1;");
        for isa in units() {
            for (precision, bound) in BOUNDS {
                let options = options(&checked, 2, KernelPolicy::MatrixUnit, precision);
                assert_eq!(on_unit(&checked, &options).0, on_unit(&checked, &options).1);
                let before = run(&checked, (isa, &options, 1), &undisturbed);
                for ((input, expected), value) in inputs.iter().zip(&expected).zip(EXTREME) {
                    let found = run(&checked, (isa, &options, 2), input);
                    let all = found.iter().zip(&before).zip(expected.iter().zip(&clean));
                    for ((&found, &before), (&expected, &clean)) in all {
                        let near = expected.abs().max(10.0) * bound * FEW as f32;
                        let reads = expected.to_bits() != clean.to_bits() || value == 1e-42;
                        assert!(
                            agree(found, expected, near)
                                && (reads || is_picture || found.to_bits() == before.to_bits()),
                            "{isa:?} {precision:?} {value:e} {source}: {found:e}, not {expected:e}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn weights_without_parts_are_those_of_the_definition() {
    for source in KINDS {
        let checked = compile(source);
        let input = input(&checked, 1);
        for value in EXTREME {
            let change = |weight: &mut ArrayD<f32>| {
                if weight.ndim() == 4 {
                    let len = weight.len();
                    weight.as_slice_mut().unwrap()[len / 3] = value;
                }
            };
            let reference = options(&checked, 1, KernelPolicy::Reference, Precision::Highest);
            let expected = run_with(&checked, (Isa::best(), &reference, 1), &input, change);
            for isa in units() {
                for (precision, bound) in BOUNDS {
                    let options = options(&checked, 1, KernelPolicy::MatrixUnit, precision);
                    let found = run_with(&checked, (isa, &options, 2), &input, change);
                    for (&found, &expected) in found.iter().zip(&expected) {
                        assert!(
                            agree(found, expected, expected.abs().max(10.0) * bound * FEW as f32),
                            "{isa:?} {precision:?} {value:e} {source}: {found:e}, not {expected:e}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn plans_name_the_products_of_each_convolution() {
    let checked = compile("input 56x56x64; conv 1x1x64; conv 3x3x64 same; conv 3x3x128/2 same; conv 1x1x8");
    let of = |precision: Precision, matrix_unit: bool| {
        let mut options = options(&checked, 1, KernelPolicy::Fastest, precision);
        options.matrix_unit = matrix_unit;
        let plan = lower(checked.graph(), &options);
        let algorithms = plan.steps.iter().filter_map(|step| match step.kernel {
            Kernel::Conv(Convolution { algorithm, .. }) => Some(algorithm),
            _ => None,
        });
        let products = algorithms.map(|algorithm| match algorithm {
            Algorithm::Matrix(products) => Some(products),
            Algorithm::Direct | Algorithm::Winograd(_) => None,
        });
        products.collect::<Vec<_>>()
    };
    let (six, three, one) = (Some(Products::Six), Some(Products::Three), Some(Products::One));
    assert_eq!(of(Precision::Highest, true), [six, None, six, None]);
    assert_eq!(of(Precision::High, true), [three, three, three, None]);
    assert_eq!(of(Precision::Medium, true), [one; 4]);
    for (precision, _) in BOUNDS {
        assert_eq!(of(precision, false), [None; 4]);
    }
}

/// The unit beside the f32 kernels and beside its model, for whole networks.
#[test]
#[ignore = "slow; tests/matrix_unit/run.sh runs it"]
fn networks_of_the_zoo_are_those_of_f32() {
    for name in ["resnet18", "googlenet", "squeezenet1_1", "mobilenet_v2"] {
        let checked = super::networks::compile(name);
        let input = input(&checked, 1);
        for (precision, bound) in
            [(Precision::Highest, 1e-3), (Precision::High, 1e-2), (Precision::Medium, 1.0)]
        {
            let mut options = options(&checked, 1, KernelPolicy::Fastest, precision);
            let (on_unit, all) = on_unit(&checked, &options);
            options.matrix_unit = false;
            let expected = run(&checked, (Isa::Avx512.available(), &options, 2), &input);
            let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            options.matrix_unit = true;
            let of_units: Vec<ArrayD<f32>> =
                units().into_iter().map(|isa| run(&checked, (isa, &options, 2), &input)).collect();
            let off = |a: &ArrayD<f32>, b: &ArrayD<f32>| {
                a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
            };
            for found in &of_units {
                let (of_f32, of_model) = (off(found, &expected), off(found, &of_units[0]));
                eprintln!(
                    "{name} {precision:?}: {on_unit} of {all} convolutions; off {of_f32:.1e}, {of_model:.1e} of the model"
                );
                assert!(of_f32 <= bound && of_model <= bound * 0.1);
            }
        }
    }
}
