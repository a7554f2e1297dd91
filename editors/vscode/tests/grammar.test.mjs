// The TextMate grammar against the server: over the examples, each word that the server knows has a colour of its kind.
// The program is named by CNNC, else it is the release build of this repository.

import assert from 'node:assert';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { semanticTokens } from './support/server.mjs';

const require = createRequire(import.meta.url);
const textmate = require('vscode-textmate');
const oniguruma = require('vscode-oniguruma');

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const program = process.env.CNNC ?? path.join(root, 'target/release/cnnc');
const GRAMMAR = path.join(here, '../syntaxes/cnn.tmLanguage.json');

// What the grammar may call what the server calls so.
const SCOPES = {
    keyword: ['keyword', 'variable.language'],
    function: ['support.function', 'keyword.control'],
    macro: ['entity.name.function'],
    class: ['entity.name.type', 'entity.name.function.call'],
    parameter: ['variable', 'entity.name'],
    variable: ['variable'],
    property: ['entity.name.label'],
    modifier: ['storage.modifier', 'support.function'],
    decorator: ['variable.parameter.attribute'],
    enumMember: ['support.constant.metric'],
    number: ['constant.numeric'],
    type: ['constant.numeric'],
    string: ['string'],
    comment: ['comment'],
};

async function grammar() {
    const wasm = fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
    await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
    const registry = new textmate.Registry({
        onigLib: Promise.resolve({
            createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
            createOnigString: (text) => new oniguruma.OnigString(text),
        }),
        loadGrammar: async (scope) =>
            scope === 'source.cnn' ? textmate.parseRawGrammar(fs.readFileSync(GRAMMAR, 'utf8'), GRAMMAR) : null,
    });
    return registry.loadGrammar('source.cnn');
}

test('the grammar agrees with the server about every example', async () => {
    const rules = await grammar();
    const wrong = [];
    let compared = 0;
    for (const { file, lines, tokens } of await semanticTokens(program, path.join(root, 'examples'))) {
        let state = textmate.INITIAL;
        const coloured = lines.map((line) => {
            const result = rules.tokenizeLine(line, state);
            state = result.ruleStack;
            return result.tokens;
        });
        for (const { line, column, length, kind } of tokens) {
            const token = coloured[line].find((one) => one.startIndex <= column && column < one.endIndex);
            const scopes = token?.scopes ?? [];
            compared += 1;
            if (!SCOPES[kind].some((prefix) => scopes.some((scope) => scope.startsWith(prefix)))) {
                const word = lines[line].slice(column, column + length);
                wrong.push(`${path.basename(file)}:${line + 1}: ${word} is ${kind}, coloured ${scopes.at(-1)}`);
            }
        }
    }
    assert.deepStrictEqual(wrong, []);
    assert.ok(compared > 3000, `${compared} words`);
});
