#!/usr/bin/env bash
# The kernels' tests under AddressSanitizer, for every kind of instructions that the machine has. Needs a nightly
# toolchain; about ten minutes on two cores. Leaks are reported, too, except those that `leaks.supp` names.
set -euo pipefail
cd "$(dirname "$0")/../.."
export RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/sanitized}"
export LSAN_OPTIONS="suppressions=$PWD/tests/fuzz/leaks.supp:print_suppressions=0"
# The target is named, so that build scripts and macros are built without the sanitizer.
cargo +nightly test --target "$(rustc +nightly -vV | sed -n 's/^host: //p')" --test it -- convolutions kernels nonfinite pytorch
