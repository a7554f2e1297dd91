#!/usr/bin/env bash
# Drives Neovim (0.11 or later) with the configuration of docs/editors.md: neovim.sh CNNC [NVIM]. Needs `tree-sitter` and
# a C compiler; not part of CI.
set -euo pipefail
cnnc=$(realpath "${1:?the program cnnc}")
nvim=${2:-nvim}
here=$(cd "$(dirname "$0")" && pwd)
grammar=$here/../../editors/tree-sitter-cnn
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/bin" "$work/files" "$work/runtime/queries/cnn"
ln -s "$cnnc" "$work/bin/cnnc"
cp "$here/net.cnn" "$here/blocks.cnn" "$work/files/"
touch "$work/files/cnnc.toml"
cp "$grammar"/queries/*.scm "$work/runtime/queries/cnn/"
tree-sitter build -o "$work/cnn.so" "$grammar"
PATH=$work/bin:$PATH HOME=$work "$nvim" --clean --headless -l "$here/neovim.lua" \
    "$work/files" "$work/cnn.so" "$work/runtime"
