// Runs a network on a picture, in a terminal.

import { env, TerminalOptions, Uri, window } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';

import { findProgram } from './program';
import { placeOf } from './target';

export async function runOnPicture(client: LanguageClient | undefined, target: unknown): Promise<void> {
    const place = placeOf(target);
    const program = findProgram();
    if (place === undefined || program === undefined) {
        return;
    }
    if (place.uri.scheme !== 'file') {
        void window.showWarningMessage('The text has no file yet: save it before it is run.');
        return;
    }
    const network = place.network ?? (await networkAt(client, place));
    const picture = await ask('A picture', { Pictures: ['png', 'jpg', 'jpeg'] });
    if (picture === undefined) {
        return;
    }
    const weights = await ask('Weights (cancel for seeded ones)', { Weights: ['safetensors', 'npz'] });
    const words = [program, 'run', place.uri.fsPath, '--input', picture.fsPath, '--top', '5'];
    words.push(...(network === undefined ? [] : ['--network', network]));
    words.push(...(weights === undefined ? ['--seed', '0'] : ['--weights', weights.fsPath]));
    const options: TerminalOptions = { name: `cnnc run ${network ?? ''}`.trim() };
    const terminal = window.terminals.find((one) => one.name === options.name) ?? window.createTerminal(options);
    terminal.show(true);
    terminal.sendText(words.map(quoted).join(' '));
}

async function networkAt(
    client: LanguageClient | undefined,
    place: { uri: Uri; position: unknown },
): Promise<string | undefined> {
    const params = { textDocument: { uri: place.uri.toString() }, position: place.position };
    const answer = await client?.sendRequest<{ network: string } | null>('cnnc/network', params);
    return answer?.network;
}

async function ask(title: string, filters: Record<string, string[]>): Promise<Uri | undefined> {
    const chosen = await window.showOpenDialog({ title, filters, canSelectMany: false });
    return chosen?.[0];
}

// A word for the shell of the terminal.
function quoted(word: string): string {
    if (/^[A-Za-z0-9_./:=-]+$/.test(word)) {
        return word;
    }
    const isPosix = !/powershell|pwsh|cmd/i.test(env.shell);
    return isPosix ? `'${word.replace(/'/g, `'\\''`)}'` : `"${word}"`;
}
