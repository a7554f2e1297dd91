// Which network a command is about.

import { Position, TextEditor, Uri, window } from 'vscode';

// What code lenses hand to a command; the palette hands over nothing.
export interface Target {
    uri: string;
    network: string;
}

// A place in a text, and the network by name where it is known.
export interface Place {
    uri: Uri;
    position: Position;
    network?: string;
}

// The target of a code lens, else the place of the cursor.
export function placeOf(target: unknown): Place | undefined {
    if (isTarget(target)) {
        return { uri: Uri.parse(target.uri), position: new Position(0, 0), network: target.network };
    }
    const editor = window.activeTextEditor;
    return editor !== undefined && isNetworkText(editor) ? placeInEditor(editor) : undefined;
}

export function placeInEditor(editor: TextEditor): Place {
    return { uri: editor.document.uri, position: editor.selection.active };
}

export function isNetworkText(editor: TextEditor): boolean {
    return editor.document.languageId === 'cnn';
}

function isTarget(value: unknown): value is Target {
    const target = value as Partial<Target> | undefined;
    return typeof target?.uri === 'string' && typeof target.network === 'string';
}
