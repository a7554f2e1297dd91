//! Compile times: `cargo bench --bench compile`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};

use cnnc::driver::{Options, Session};

fn compile(source: &str, network: Option<&str>) -> usize {
    let session = Session::load(&(), "bench.cnn", source.as_bytes().to_vec(), "bench");
    let options = Options { network: network.map(str::to_owned), ..Options::default() };
    session.compile(&options).unwrap().checked.unwrap().graph().len()
}

fn benches(criterion: &mut Criterion) {
    let resnet = include_str!("../../examples/zoo/resnet.cnn");
    criterion.bench_function("resnet152", |bencher| bencher.iter(|| compile(resnet, Some("resnet152"))));
    let mut group = criterion.benchmark_group("nodes");
    group.sample_size(10);
    for nodes in [12_500, 25_000, 50_000, 99_998] {
        let source = format!("input 8x8x8; [conv 3x3x8 same relu] * {};", nodes / 2);
        group.bench_function(nodes.to_string(), |bencher| bencher.iter(|| compile(&source, None)));
    }
    group.finish();
}

criterion_group!(compile_times, benches);
criterion_main!(compile_times);
