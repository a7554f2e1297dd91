// Finds the program `cnnc`.

import * as fs from 'fs';
import * as path from 'path';
import { workspace } from 'vscode';

// The program of the setting `cnnc.path`, else the first one in PATH; undefined where there is none.
export function findProgram(): string | undefined {
    const configured = workspace.getConfiguration('cnnc').get<string>('path', '').trim();
    if (configured !== '') {
        return isFile(configured) ? configured : undefined;
    }
    const names = process.platform === 'win32' ? ['cnnc.exe'] : ['cnnc'];
    const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
    return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isFile);
}

function isFile(file: string): boolean {
    try {
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}
