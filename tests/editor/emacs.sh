#!/usr/bin/env bash
# Drives Emacs (28 with the package eglot, or 29) with the configuration of docs/editors.md: emacs.sh CNNC; not part of CI.
set -euo pipefail
cnnc=$(realpath "${1:?the program cnnc}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/bin" "$work/files"
ln -s "$cnnc" "$work/bin/cnnc"
cp "$here/net.cnn" "$here/blocks.cnn" "$work/files/"
touch "$work/files/cnnc.toml"
git -C "$work/files" init -q
PATH=$work/bin:$PATH emacs --batch --eval "(package-initialize)" -l "$here/emacs.el" "$work/files"
