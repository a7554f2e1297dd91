// The words of the examples as the server knows them: place, length and kind of each.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

class Server {
    constructor(program) {
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

function sources(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const place = path.join(folder, entry.name);
        if (entry.isDirectory()) return sources(place);
        return entry.name.endsWith('.cnn') ? [place] : [];
    });
}

// For each source below a folder its path, its text and its tokens.
export async function semanticTokens(program, folder) {
    const server = new Server(program);
    const { capabilities } = await server.request('initialize', { processId: null, rootUri: null, capabilities: {} });
    server.send({ method: 'initialized', params: {} });
    const legend = capabilities.semanticTokensProvider.legend.tokenTypes;
    const files = [];
    for (const file of sources(folder)) {
        const text = fs.readFileSync(file, 'utf8');
        const uri = `file://${file}`;
        server.send({
            method: 'textDocument/didOpen',
            params: { textDocument: { uri, languageId: 'cnn', version: 1, text } },
        });
        const { data } = await server.request('textDocument/semanticTokens/full', { textDocument: { uri } });
        const tokens = [];
        let [line, column] = [0, 0];
        for (let index = 0; index < data.length; index += 5) {
            column = data[index] === 0 ? column + data[index + 1] : data[index + 1];
            line += data[index];
            tokens.push({ line, column, length: data[index + 2], kind: legend[data[index + 3]] });
        }
        files.push({ file, text, lines: text.split(/\r?\n/), tokens });
    }
    await server.request('shutdown', null);
    server.send({ method: 'exit' });
    return files;
}
