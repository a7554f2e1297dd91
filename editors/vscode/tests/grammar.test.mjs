// The TextMate grammar against the server: over the examples, each word that the server knows has a colour of its kind.
// The program is named by CNNC, else it is the release build of this repository.

import assert from 'node:assert';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

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
    // A parameter may stand for a word; only the server knows which do.
    modifier: ['storage.modifier', 'support.function', 'variable.other'],
    decorator: ['variable.parameter.attribute'],
    enumMember: ['support.constant.metric'],
    number: ['constant.numeric'],
    type: ['constant.numeric'],
    string: ['string'],
    comment: ['comment'],
};

class Server {
    constructor() {
        this.child = spawn(program, ['lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.buffer = Buffer.alloc(0);
        this.waiting = new Map();
        this.next = 0;
        this.child.stdout.on('data', (bytes) => this.take(bytes));
    }

    take(bytes) {
        this.buffer = Buffer.concat([this.buffer, bytes]);
        for (;;) {
            const end = this.buffer.indexOf('\r\n\r\n');
            if (end < 0) return;
            const length = Number(/Content-Length: (\d+)/.exec(this.buffer.subarray(0, end).toString())[1]);
            if (this.buffer.length < end + 4 + length) return;
            const message = JSON.parse(this.buffer.subarray(end + 4, end + 4 + length).toString());
            this.buffer = this.buffer.subarray(end + 4 + length);
            this.waiting.get(message.id)?.(message.result);
        }
    }

    send(message) {
        const text = JSON.stringify({ jsonrpc: '2.0', ...message });
        this.child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    }

    request(method, params) {
        const id = ++this.next;
        this.send({ id, method, params });
        return new Promise((resolve) => this.waiting.set(id, resolve));
    }
}

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

function sources(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const place = path.join(folder, entry.name);
        if (entry.isDirectory()) return sources(place);
        return entry.name.endsWith('.cnn') ? [place] : [];
    });
}

test('the grammar agrees with the server about every example', async () => {
    const rules = await grammar();
    const server = new Server();
    const { capabilities } = await server.request('initialize', { processId: null, rootUri: null, capabilities: {} });
    server.send({ method: 'initialized', params: {} });
    const legend = capabilities.semanticTokensProvider.legend.tokenTypes;
    const wrong = [];
    let compared = 0;
    for (const file of sources(path.join(root, 'examples'))) {
        const text = fs.readFileSync(file, 'utf8');
        const uri = `file://${file}`;
        server.send({
            method: 'textDocument/didOpen',
            params: { textDocument: { uri, languageId: 'cnn', version: 1, text } },
        });
        const { data } = await server.request('textDocument/semanticTokens/full', { textDocument: { uri } });
        let state = textmate.INITIAL;
        const lines = text.split(/\r?\n/).map((line) => {
            const result = rules.tokenizeLine(line, state);
            state = result.ruleStack;
            return result.tokens;
        });
        let [line, column] = [0, 0];
        for (let index = 0; index < data.length; index += 5) {
            column = data[index] === 0 ? column + data[index + 1] : data[index + 1];
            line += data[index];
            const kind = legend[data[index + 3]];
            const token = lines[line].find((one) => one.startIndex <= column && column < one.endIndex);
            const scopes = token?.scopes ?? [];
            compared += 1;
            if (!SCOPES[kind].some((prefix) => scopes.some((scope) => scope.startsWith(prefix)))) {
                const word = text.split(/\r?\n/)[line].slice(column, column + data[index + 2]);
                wrong.push(`${path.basename(file)}:${line + 1}: ${word} is ${kind}, coloured ${scopes.at(-1)}`);
            }
        }
    }
    await server.request('shutdown', null);
    server.send({ method: 'exit' });
    assert.deepStrictEqual(wrong, []);
    assert.ok(compared > 3000, `${compared} words`);
});
