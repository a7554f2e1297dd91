#!/usr/bin/env bash
# The machine code of the convolution on AMX tiles, on a machine without AMX: the kernels' tests and networks of the zoo, with
# an emulator of the tile instructions. Needs Linux and a processor with AVX-512 and its conversions to bf16.
#   tests/matrix_unit/run.sh [PROFILE]    the profile of cargo, by default fast
set -euo pipefail
cd "$(dirname "$0")/../.."
profile="${1:-fast}"
grep -q avx512_bf16 /proc/cpuinfo || { echo "skipped: this processor has no avx512_bf16"; exit 0; }
cargo build --release --manifest-path tests/matrix_unit/Cargo.toml
emulator="$PWD/tests/matrix_unit/target/release/libcnnc_matrix_unit.so"

export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="env LD_PRELOAD=$emulator"
cargo test --profile "$profile" --test it -- matrix_unit
cargo test --profile "$profile" --test it -- --ignored --nocapture networks_of_the_zoo_are_those_of_f32
