// The graph or the report of the network at the cursor, in a panel beside the text.

import { Disposable, TextEditor, ViewColumn, WebviewPanel, window, workspace } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';

import { isNetworkText, Place, placeInEditor, placeOf } from './target';

type Kind = 'graph' | 'report';

// What the server answers to `cnnc/graph` and `cnnc/report`: null where there is no network, and no content where the
// network has errors.
type Answer = { network: string; content: string | null } | null;

// A typed text is drawn when the hand rests.
const DELAY = 250;

export class Preview implements Disposable {
    private readonly listeners: Disposable[];
    private panel: WebviewPanel | undefined;
    private timer: NodeJS.Timeout | undefined;
    private shown = '';
    private asked = 0;

    constructor(
        private readonly kind: Kind,
        private readonly client: () => LanguageClient | undefined,
    ) {
        this.listeners = [
            window.onDidChangeTextEditorSelection((event) => this.follow(event.textEditor)),
            window.onDidChangeActiveTextEditor((editor) => this.follow(editor)),
            workspace.onDidChangeTextDocument((event) => {
                const editor = window.activeTextEditor;
                if (editor?.document === event.document) {
                    this.follow(editor);
                }
            }),
        ];
    }

    // Opens the panel, or brings it up.
    async show(target: unknown): Promise<void> {
        const place = placeOf(target);
        if (place === undefined) {
            return;
        }
        if (this.panel === undefined) {
            const title = this.kind === 'graph' ? 'Graph' : 'Report';
            const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
            // The report sorts and folds by its own script; the graph has none.
            const options = { enableScripts: this.kind === 'report', localResourceRoots: [] };
            this.panel = window.createWebviewPanel(`cnnc.${this.kind}`, title, column, options);
            this.panel.onDidDispose(() => {
                this.panel = undefined;
                this.shown = '';
            });
        } else {
            this.panel.reveal(undefined, true);
        }
        await this.draw(place);
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.listeners.forEach((listener) => listener.dispose());
        this.panel?.dispose();
    }

    private follow(editor: TextEditor | undefined): void {
        if (this.panel === undefined || editor === undefined || !isNetworkText(editor)) {
            return;
        }
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.draw(placeInEditor(editor)), DELAY);
    }

    private async draw(place: Place): Promise<void> {
        const ticket = ++this.asked;
        const answer = await this.client()?.sendRequest<Answer>(`cnnc/${this.kind}`, {
            textDocument: { uri: place.uri.toString() },
            position: place.position,
            network: place.network,
        });
        // A later question may have been answered before; a network with errors keeps its last picture.
        if (this.panel === undefined || ticket !== this.asked || !answer || answer.content === null) {
            return;
        }
        this.panel.title = `${this.kind === 'graph' ? 'Graph' : 'Report'} of ${answer.network}`;
        const page = this.kind === 'graph' ? graphPage(answer.content) : answer.content;
        if (page !== this.shown) {
            this.shown = page;
            this.panel.webview.html = page;
        }
    }
}

function graphPage(svg: string): string {
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>body { margin: 0; padding: 1rem; } svg { max-width: 100%; height: auto; }</style>
</head>
<body>${svg}</body>
</html>`;
}
