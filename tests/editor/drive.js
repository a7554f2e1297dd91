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
        const lines = await page.locator('.monaco-editor .view-lines').first().innerText();
        return lines.replace(/\u00a0/g, ' ');
    }

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
    await picture('hover');
    await press('Escape');

    await go(6, 5);
    await press('End');
    await press('Enter');
    await type('conv ');
    await pause(500);
    await press('Control+Space');
    await pause();
    await picture('completion');
    await press('Escape');
    await type('3x3x48 sme relu;');
    await pause(2000);
    await picture('mistake');
    await go(7, 18);
    await press('Control+.');
    await pause(1500);
    await picture('quick-fix');
    await press('Enter');
    await pause(1500);
    assert.match(await text(), /3x3x48 same relu/, 'the quick fix has mended the word');

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

    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await go(5, 6);
    await command('cnn: Show Graph');
    await pause(4000);
    await picture('graph');
    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await command('cnn: Show Report');
    await pause(5000);
    await picture('report');

    await page.click('.tabs-container [aria-label^="net.cnn"]');
    await go(4, 1);
    await press('End');
    await type('   ');
    await press('Control+s');
    await pause(2000);
    await picture('formatted');
    assert.doesNotMatch(file('net.cnn'), / $/m, 'saving has formatted the text');

    await browser.close();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
