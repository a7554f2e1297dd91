#!/usr/bin/env bash
# The Tree-sitter grammar: what is committed is what the generator makes, every shipped file and every fence of the
# documentation parses without an error, the queries fit the grammar, and each word of the examples that the language
# server knows has a colour of its kind: tree_sitter.sh CNNC. Needs `tree-sitter` (cargo install tree-sitter-cli), python3,
# node and a C compiler; not part of CI.
set -euo pipefail
cnnc=$(realpath "${1:?the program cnnc}")
root=$(cd "$(dirname "$0")/../.." && pwd)
grammar=$root/editors/tree-sitter-cnn
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$grammar" "$work/again"
(cd "$work/again" && tree-sitter generate)
cmp "$work/again/src/parser.c" "$grammar/src/parser.c"

python3 - "$root" "$work" <<'PYTHON'
import pathlib, re, sys
root, work = map(pathlib.Path, sys.argv[1:])
pages = sorted(root.glob("docs/**/*.md")) + [root / "README.md"]
for number, page in enumerate(pages):
    for index, fence in enumerate(re.findall(r"^```cnn\n(.*?)^```", page.read_text(), re.S | re.M)):
        (work / f"{number}-{index}.cnn").write_text(fence)
PYTHON
find "$root/examples" "$root/tests" "$root/docs" "$work" -name '*.cnn' -not -path '*/target/*' > "$work/files"
cd "$grammar"
tree-sitter parse --quiet --paths "$work/files" 2> "$work/warnings" || { cat "$work/warnings"; exit 1; }
for query in queries/*.scm; do
    tree-sitter query --quiet --paths "$work/files" "$query" > /dev/null 2> "$work/warnings" || { cat "$work/warnings"; exit 1; }
done
echo "$(wc -l < "$work/files") texts parse"
node "$root/tests/editor/tree_sitter_colours.mjs" "$cnnc"
