//! `cnnc check` over a project of 1 000 files: `cargo bench --bench check`.
//!
//! The files are the deep networks of the zoo with budgets, each its own file, so that nothing is shared.
#![allow(missing_docs, clippy::unwrap_used)]

use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

const FILES: usize = 1000;

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let vgg = include_str!("../../examples/zoo/vgg.cnn");
    let resnet = include_str!("../../examples/zoo/resnet.cnn");
    let lenet = include_str!("../../examples/zoo/lenet5.cnn");
    for index in 0..FILES {
        let text = [resnet, vgg, lenet, lenet][index % 4];
        let place = folder.path().join(format!("team{}/net{index}.cnn", index % 10));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    }
    let project = "[[networks]]\nfiles = [\"**/*.cnn\"]\nmax = { params = \"200M\", macs = \"30G\" }\n";
    std::fs::write(folder.path().join("cnnc.toml"), project).unwrap();
    let mut group = criterion.benchmark_group("check_1000_files");
    group.sample_size(10);
    for threads in ["1", "2"] {
        group.bench_function(format!("{threads}_threads"), |bencher| {
            bencher.iter(|| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
                command.args(["check", "--threads", threads]).current_dir(folder.path());
                let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
                assert!(status.success());
            });
        });
    }
    group.finish();
}

criterion_group!(check_times, benches);
criterion_main!(check_times);
