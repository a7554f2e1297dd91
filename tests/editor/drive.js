// Drives each feature of the extension once, and takes a picture of it: node drive.js FOLDER PICTURES.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const [folder, pictures] = process.argv.slice(2);
const ADDRESS = `http://127.0.0.1:8088/?folder=${encodeURIComponent(folder)}`;

async function main() {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1360, height: 820 } });
    page.setDefaultTimeout(60000);
    const picture = (name) => page.screenshot({ path: path.join(pictures, `${name}.png`) });
    const press = (keys) => page.keyboard.press(keys);
    const type = (text) => page.keyboard.type(text, { delay: 25 });
    const pause = (time = 1200) => page.waitForTimeout(time);
    const file = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

    async function command(name) {
        await press('F1');
        await pause(400);
        await type(name);
        await pause(700);
        await press('Enter');
        await pause();
    }

    async function go(line, column) {
        await press('Control+g');
        await pause(300);
        await type(`${line}:${column}`);
        await press('Enter');
        await pause(500);
    }

    async function text() {
        // The lines of the page are in no order.
        const lines = await page.locator('.monaco-editor .view-lines').first().locator('.view-line').evaluateAll(
            (all) => all.map((line) => [parseFloat(line.style.top), line.innerText]),
        );
        const ordered = lines.sort(([above], [below]) => above - below).map(([, line]) => line);
        return ordered.join('\n').replace(/\u00a0/g, ' ');
    }

    // What the page of a panel beside the text holds; it lies in a frame of a frame. On a busy machine the driver may
    // miss that frame, though it is shown; then the frames are made anew.
    async function panel(pattern) {
        for (let attempt = 0; attempt < 120; attempt++) {
            if (attempt % 40 === 39) await command('Developer: Reload Webviews');
            for (const frame of page.frames()) {
                const content = await frame.content().catch(() => '');
                if (pattern.test(content)) return content;
            }
            await pause(500);
        }
        await picture('failure');
        assert.fail(`no panel shows ${pattern}`);
    }

    // Chooses an action of the menu at the cursor.
    async function act(title) {
        await press('Control+.');
        const entry = page.locator('.action-widget .action', { hasText: title }).first();
        await entry.waitFor();
        // The menu takes no click before the mouse has moved over it.
        const { x, y, width, height } = await entry.boundingBox();
        await page.mouse.move(x + width / 3, y + height / 2);
        await page.mouse.move(x + width / 2, y + height / 2);
        await pause(300);
        await page.mouse.click(x + width / 2, y + height / 2);
        await pause(1500);
    }

    const shown = async (selector) => (await page.locator(selector).first().innerText()).replace(/\u00a0/g, ' ');

    // The server starts up to a few times: code-server itself takes a moment.
    for (let attempt = 0; ; attempt++) {
        try {
            await page.goto(ADDRESS);
            await page.waitForSelector('.monaco-workbench');
            break;
        } catch (error) {
            if (attempt === 20) throw error;
            await pause(1000);
        }
    }
    await page.waitForSelector('.explorer-folders-view [aria-label^="net.cnn"]');
    await page.dblclick('.explorer-folders-view [aria-label^="net.cnn"]');
    await page.waitForSelector('.monaco-editor .view-lines');
    // A code lens shows that the server has started and answered; on a busy machine that takes a while.
    await page.waitForSelector('.codelens-decoration:has-text("MACs")', { timeout: 180000 });
    await pause(3000);

    await picture('hints');
    assert.match(await text(), /32x32x32/, 'an inlay hint shows the shape behind the stem');

    await go(5, 6);
    await command('Show or Focus Hover');
    await page.waitForSelector('.monaco-hover:has-text("receptive field")');
    await picture('hover');
    assert.match(await shown('.monaco-hover:has-text("receptive field")'), /64x64x3 → 32x32x32/);
    await press('Escape');

    await go(6, 5);
    await press('End');
    await press('Enter');
    await type('conv ');
    await pause(500);
    await press('Control+Space');
    await page.waitForSelector('.suggest-widget .monaco-list-row');
    await picture('completion');
    assert.match(await shown('.suggest-widget'), /3x3x32\s+(size\s+)?same/, 'a size for what arrives, then flags');
    await press('Escape');
    await type('3x3x48 sme relu;');
    await pause(2000);
    await page.waitForSelector('.squiggly-error');
    await picture('mistake');
    await go(7, 18);
    await press('Control+.');
    await pause(1500);
    await picture('quick-fix');
    await press('Enter');
    await pause(1500);
    assert.match(await text(), /3x3x48 same relu/, 'the quick fix has mended the word');

    await go(7, 6);
    await act('add `-> 16x16x48`');
    assert.match(await text(), /relu -> 16x16x48;/, 'a shape is stated');

    await go(8, 11);
    await press('Control+Shift+Space');
    await page.waitForSelector('.parameter-hints-widget.visible');
    await picture('signature');
    assert.match(await shown('.parameter-hints-widget'), /basic\(c, s = 1, r = 16\)/);
    await press('Escape');

    await go(8, 6);
    await press('Shift+F12');
    await page.waitForSelector('.peekview-widget');
    await pause(1500);
    await picture('references');
    assert.match(await shown('.peekview-widget .peekview-title'), /4 references|References \(4\)/i);
    await press('Escape');

    await press('Control+Shift+o');
    await page.waitForSelector('.quick-input-list .monaco-list-row');
    await pause(700);
    await picture('outline');
    assert.match(await shown('.quick-input-list'), /small[\s\S]*stem[\s\S]*deep/);
    await press('Escape');

    await go(8, 6);
    await press('F12');
    await pause(2500);
    await picture('definition');
    await press('F2');
    await pause();
    await press('Control+a');
    await type('unit');
    await picture('rename');
    await press('Enter');
    await pause(2500);
    await command('File: Save All');
    await pause(2000);
    assert.match(file('blocks.cnn'), /block unit\(/, 'the block has its new name');
    assert.match(file('net.cnn'), /unit\(64, s=2\)/, 'so have its calls in the other file');

    // The lens above the network opens its graph.
    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await go(5, 6);
    await page.locator('.codelens-decoration a', { hasText: 'show graph' }).first().click();
    await page.waitForSelector('.tabs-container [aria-label^="Graph of small"]');
    assert.match(await panel(/<svg[\s\S]*maxpool1/), /stem/, 'the graph stands beside the text');
    await pause();
    await picture('graph');

    // The panel follows the text.
    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await go(5, 6);
    await press('End');
    await press('Enter');
    await type('dropout 0.5 as loose;');
    await panel(/<svg[\s\S]*loose/);
    await picture('followed');
    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await command('cnn: Show Report');
    await page.waitForSelector('.tabs-container [aria-label^="Report of small"]');
    await panel(/<h1[\s\S]*small[\s\S]*Peak memory/);
    await pause();
    await picture('report');

    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await go(4, 1);
    await press('End');
    await type('   ');
    await press('Control+s');
    await pause(2000);
    await picture('formatted');
    assert.doesNotMatch(file('net.cnn'), / $/m, 'saving has formatted the text');

    // A lint is allowed where it warns.
    await go(6, 1);
    await press('End');
    await press('Enter');
    await type('conv 2x2x32 same;');
    await page.waitForSelector('.squiggly-warning');
    await go(7, 10);
    await act('allow W0204 here');
    assert.match(await text(), /# allow W0204/, 'the lint is allowed');

    // Folding hides the body of the network.
    const before = (await text()).split('\n').length;
    await command('Fold All');
    await pause(1000);
    await picture('folded');
    const folded = (await text()).split('\n').length;
    assert.ok(folded < before - 4, `${before} lines, folded ${folded}`);
    await command('Unfold All');
    await pause(1000);

    // A selection grows from the word to its argument, the statement and the network.
    await go(5, 11);
    const selected = [];
    for (let step = 0; step < 6; step++) {
        await command('Expand Selection');
        const status = await page.locator('#status\\.editor\\.selection').innerText();
        selected.push(Number((status.match(/\((\d+) selected\)/) ?? [0, 0])[1]));
    }
    await picture('selection');
    assert.ok(new Set(selected).size >= 4, `selections of ${selected} characters`);
    assert.ok(selected.every((length, index) => index === 0 || length >= selected[index - 1]), `${selected}`);
    await press('Escape');

    // The names of all files.
    await press('Control+t');
    await pause(800);
    await type('unit');
    await page.waitForSelector('.quick-input-list .monaco-list-row:has-text("unit")');
    await picture('workspace-symbols');
    await press('Escape');

    // Two statements become a block, and the call of a block its statements.
    await go(5, 1);
    await press('Shift+ArrowDown');
    await press('Shift+End');
    await act('extract block');
    await picture('extracted');
    assert.match(await text(), /block extracted\(\)/, 'a block has been made of two statements');
    const call = (await text()).split('\n').findIndex((line) => /^\s*extracted\(\)/.test(line));
    assert.ok(call >= 0, 'the block is called');
    await go(call + 1, 6);
    await act('inline block `extracted`');
    await picture('inlined');
    assert.match(await text(), /\[\n\s*conv 7x7x32\/2 [\s\S]*dropout 0\.5[\s\S]*\n\s*\][^\n]*;/, 'the call is its statements');
    await press('Control+z');
    await pause(1500);
    assert.match(await text(), /extracted\(\).*;/, 'one undo takes it back');
    await press('Control+z');
    await pause(1500);
    assert.doesNotMatch(await text(), /extracted/, 'another undo takes back the block');

    // The lens runs the network on a picture, with seeded weights where none are chosen.
    await go(5, 6);
    await page.locator('.codelens-decoration a', { hasText: 'run on a picture' }).first().click();
    await page.waitForSelector('.quick-input-widget input');
    await pause(1000);
    await press('Control+a');
    await type(path.join(folder, 'ramp.png'));
    await pause(800);
    await press('Enter');
    await pause(2500);
    await page.waitForSelector('.quick-input-widget input');
    await press('Escape');
    await page.waitForSelector('.terminal-wrapper .xterm-rows');
    for (let attempt = 0; ; attempt++) {
        const terminal = await page.locator('.terminal-wrapper .xterm-rows').first().innerText();
        if (/cnnc run|run .*net\.cnn/.test(terminal) && /\d\.\d{6}/.test(terminal)) break;
        if (attempt === 60) assert.fail(`the terminal shows ${terminal}`);
        await pause(1000);
    }
    await picture('run');

    await browser.close();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
