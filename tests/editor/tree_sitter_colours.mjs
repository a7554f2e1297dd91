// The colours of the Tree-sitter grammar against the server: over the examples, each word that the server knows has a
// colour of its kind. `tree_sitter.sh` runs it: node tree_sitter_colours.mjs CNNC.

import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { semanticTokens } from '../../editors/vscode/tests/support/server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const grammar = path.join(root, 'editors/tree-sitter-cnn');

// What the query may call what the server calls so.
const CAPTURES = {
    keyword: ['keyword', 'variable'],
    function: ['function.builtin'],
    macro: ['function'],
    class: ['type', 'function'],
    parameter: ['variable'],
    variable: ['constant', 'variable'],
    property: ['label'],
    modifier: ['keyword.modifier', 'function.builtin'],
    decorator: ['attribute'],
    enumMember: ['constant.builtin'],
    number: ['number'],
    type: ['number'],
    string: ['string'],
    comment: ['comment'],
};

// The captures of a file; their columns are bytes.
function captures(file) {
    const stdio = ['ignore', 'pipe', 'ignore'];
    const options = { cwd: grammar, encoding: 'utf8', maxBuffer: 1 << 28, stdio };
    const printed = execFileSync('tree-sitter', ['query', '--captures', 'queries/highlights.scm', file], options);
    const found = [];
    const form = /pattern: +(\d+), capture: \d+ - ([\w.]+), start: \((\d+), (\d+)\), end: \((\d+), (\d+)\)/g;
    for (const [, pattern, name, ...places] of printed.matchAll(form)) {
        const [line, column, endLine, endColumn] = places.map(Number);
        if (line === endLine) found.push({ pattern: Number(pattern), name, line, column, endColumn });
    }
    return found;
}

// Of the captures over a place the innermost counts, and of several of one node the last.
function colour(found, line, column) {
    const over = found.filter((one) => one.line === line && one.column <= column && column < one.endColumn);
    const length = (one) => one.endColumn - one.column;
    over.sort((one, other) => length(one) - length(other) || other.pattern - one.pattern);
    return over[0]?.name ?? 'nothing';
}

const wrong = [];
let compared = 0;
for (const { file, lines, tokens } of await semanticTokens(process.argv[2], path.join(root, 'examples'))) {
    const found = captures(file);
    for (const { line, column, length, kind } of tokens) {
        const bytes = Buffer.byteLength(lines[line].slice(0, column));
        const name = colour(found, line, bytes);
        compared += 1;
        if (!CAPTURES[kind].some((prefix) => name === prefix || name.startsWith(`${prefix}.`))) {
            const word = lines[line].slice(column, column + length);
            wrong.push(`${path.basename(file)}:${line + 1}: ${word} is ${kind}, coloured ${name}`);
        }
    }
}
assert.deepStrictEqual(wrong, []);
assert.ok(compared > 3000, `${compared} words`);
console.log(`${compared} words have a colour of their kind`);
