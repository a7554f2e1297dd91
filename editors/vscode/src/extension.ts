// Starts the server, and offers the commands that need more than the protocol: graph and report beside the text, and
// a run on a picture.

import { commands, ExtensionContext, Uri, window, workspace } from 'vscode';
import { LanguageClient, LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';

import { Preview } from './preview';
import { findProgram } from './program';
import { runOnPicture } from './run';

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
    const previews = [new Preview('graph', () => client), new Preview('report', () => client)];
    context.subscriptions.push(
        ...previews,
        // The page of a diagnostic's code, which its link opens.
        workspace.registerTextDocumentContentProvider('cnnc-page', { provideTextDocumentContent: pageOf }),
        commands.registerCommand('cnnc.showGraph', (target) => previews[0].show(target)),
        commands.registerCommand('cnnc.showReport', (target) => previews[1].show(target)),
        commands.registerCommand('cnnc.run', (target) => runOnPicture(client, target)),
        commands.registerCommand('cnnc.restart', async () => {
            await stop();
            await start();
        }),
    );
    await start();
}

export async function deactivate(): Promise<void> {
    await stop();
}

async function start(): Promise<void> {
    const program = findProgram();
    if (program === undefined) {
        const settings = 'Open Settings';
        const answer = await window.showErrorMessage(
            'The program cnnc was found neither in the setting cnnc.path nor in PATH.',
            settings,
        );
        if (answer === settings) {
            await commands.executeCommand('workbench.action.openSettings', 'cnnc.path');
        }
        return;
    }
    const server: ServerOptions = { command: program, args: ['lsp'] };
    const options: LanguageClientOptions = {
        documentSelector: [{ language: 'cnn' }],
        // Tells the server that the client has the commands behind code lenses and opens the pages of codes.
        initializationOptions: { commands: true, pages: true },
    };
    client = new LanguageClient('cnnc', 'cnnc', server, options);
    await client.start();
}

async function stop(): Promise<void> {
    const running = client;
    client = undefined;
    await running?.stop();
}

// The text of `cnnc-page:/E0304.md`.
async function pageOf(address: Uri): Promise<string | undefined> {
    const code = address.path.replace(/^\//, '').replace(/\.md$/, '');
    return client?.sendRequest<string>('cnnc/page', { code });
}
