import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeView } from '../../src/explore/page/view-link.js';
import type { QaRecord } from '../../src/records/record.js';
import { CHROMIUM, openBrowser } from '../support/browser.js';
import { runCli } from '../support/cli.js';
import { toJsonl } from '../support/records.js';
import { type RunningServer, startServer } from '../support/served.js';
import { answers, writeSentenceEncoder } from '../support/trainable-encoder.js';

const HOSTILE = '<img src=x onerror="window.hit=1"></script> \u202egnp.exe';
const scratch = mkdtempSync(join(tmpdir(), 'univar-explore-page-'));
const ends: (() => Promise<unknown>)[] = [];

describe.skipIf(!CHROMIUM)(
  `the page of univar explore (${CHROMIUM ?? 'skipped: no Chromium is installed; set UNIVAR_CHROMIUM to its path'})`,
  () => {
    const hostile = { qid: 'hostile', question: HOSTILE, answer: HOSTILE, model: HOSTILE, lang: 'eng' };
    const records: QaRecord[] = [...answers(3, 30), hostile];
    let server: RunningServer;
    let browser: Browser;
    let page: Page;
    let errors: string[];
    let requests: string[];

    beforeAll(async () => {
      const encoder = writeSentenceEncoder(join(scratch, 'tiny'));
      const dir = join(scratch, 'values');
      writeFileSync(join(scratch, 'answers.jsonl'), toJsonl(records));
      writeFileSync(
        join(scratch, 'models.csv'),
        'model,developer,year\nmodel-0,A,2023\nmodel-1,B,2024\nmodel-2,B,2025\n',
      );
      const { code, stderr } = await runCli([
        'embed',
        join(scratch, 'answers.jsonl'),
        '--out',
        dir,
        '--encoder',
        encoder,
      ]);
      if (code !== 0) throw new Error(stderr);
      const fit = await runCli(['fit', dir, '--steps', '20', '--no-index']);
      if (fit.code !== 0) throw new Error(fit.stderr);
      const args = ['explore', dir, '--encoder', encoder, '--models', join(scratch, 'models.csv')];
      server = await startServer(args, (end) => ends.push(end));
      ({ browser, page, errors, requests } = await openBrowser());
      await open(server.url);
    });
    afterAll(async () => {
      await browser.close();
      for (const end of ends) await end();
      rmSync(scratch, { recursive: true });
    });

    async function open(url: string): Promise<void> {
      await page.goto(url);
      await page.waitForSelector('html[data-ready]', { state: 'attached' });
    }

    const status = (): Promise<string | null> => page.textContent('.bar .status');

    it('filters by charts, each of which counts what the others leave', async () => {
      expect(await status()).toBe('91 of 91 answers shown');
      await page.click('#panel-filter .bars button[title="model-1"]');
      expect(await status()).toBe('30 of 91 answers shown');
      expect(await page.textContent('#panel-filter .bars button[title="model-0"] .count')).toBe('30');
      expect(await page.textContent('#panel-filter .bars button[title="eng"] .count')).toBe('30');
      await page.selectOption('#colour-by', { label: 'year (number)' });
      expect(await page.isVisible('.ramp')).toBe(true);
      await page.click('text=show all');
      expect(await status()).toBe('91 of 91 answers shown');
    });

    it('finds words and shows hostile texts as text', async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('"gnp exe"');
      await page.locator('#panel-search .item').waitFor();
      expect(await status()).toBe('1 of 91 answers shown');
      expect(await page.textContent('#panel-search .item .answer')).toBe(HOSTILE);
      await page.click('#panel-search .choose');
      await page.locator('.tooltip .answer').waitFor();
      expect(await page.textContent('.tooltip .answer')).toBe(HOSTILE);
      expect(await page.evaluate('[window.hit, document.images.length]')).toEqual([undefined, 0]);
    });

    it('shows the answers to a question side by side', async () => {
      await page.fill('#panel-search input[type=search]', '');
      await page.locator('.bar .status', { hasText: '91 of 91' }).waitFor();
      await page.click('#tab-answers');
      await page.locator('#panel-answers .choose').nth(4).click();
      await page.click('.actions >> text=Neighbours');
      await page.click('.actions >> text=All answers to this question');
      await page.locator('#panel-answers .status', { hasText: '3 answers to one question' }).waitFor();
      expect(await page.locator('#panel-answers .item:not(.asked) .answer').count()).toBe(3);
      await page.click('text=Back to the answers shown');
      await page.locator('#panel-answers .status', { hasText: '1 to 50 of 91' }).waitFor();
    });

    it('selects with a rectangle, exports, and restores the view from the link', async () => {
      await page.click('.actions >> text=Close');
      await page.focus('canvas');
      await page.keyboard.press('0');
      await page.keyboard.press('r');
      await page.mouse.move(100, 20);
      await page.mouse.down();
      await page.mouse.move(450, 780, { steps: 3 });
      await page.mouse.up();
      await page.locator('#panel-answers .status', { hasNotText: 'of 91' }).waitFor();
      const shown = (await status())!;
      const count = Number(/^\d+/.exec(shown)![0]);
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(91);
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('#panel-answers >> text=JSONL')]);
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\n');
      expect(lines).toHaveLength(count);
      await page.waitForURL(/#.{20}/);
      await page.waitForTimeout(600); // the address is written a moment after the last frame
      const link = page.url();
      await page.goto('about:blank');
      await open(link);
      expect(await status()).toBe(shown);
      await page.click('text=show all');
    });

    it('colours by probabilities of classifiers that have not seen the answers', async () => {
      await page.click('#tab-filter');
      await page.selectOption('#colour-by', { label: 'probability of its own value id' });
      await page.locator('.scale span', { hasText: /^1$/ }).waitFor({ timeout: 60_000 });
      await page.selectOption('#colour-by', { label: 'probability of one value id' });
      await page.selectOption('#colour-id', 'model-1$eng');
      await page.click('#tab-answers');
      await page.locator('#panel-answers .choose').first().click();
      await page.locator('.tooltip .details', { hasText: /probability of model-1\$eng: 0?[.\d]+/ }).waitFor();
      await page.click('.actions >> text=Close');
    });

    it('filters by the probability or distance that decides the colours, and keeps that in the link', async () => {
      await page.click('#tab-filter');
      const least = page.locator('#panel-filter input[aria-label="Least probability of model-1$eng"]');
      await least.fill('0.5');
      await least.press('Enter');
      const response = await fetch(`${server.url}/v1/explore/probabilities/rows?id=model-1$eng`);
      const likely = new Float32Array(await response.arrayBuffer()).filter((value) => value >= 0.5);
      expect(likely.length).toBeGreaterThan(0);
      const shown = `${likely.length} of 91 answers shown`;
      expect(await status()).toBe(shown);
      // The address is written a moment after the last frame.
      await page.waitForURL(({ hash }) => decodeView(hash).colourRange !== undefined);
      const link = page.url();
      await page.goto('about:blank');
      await open(link);
      await page.locator('.bar .status', { hasText: shown }).waitFor();
      expect(await least.inputValue()).toBe('0.5');
      await page.selectOption('#colour-by', 'model');
      expect(await status()).toBe('91 of 91 answers shown');
      expect(await least.isVisible()).toBe(false);
      await page.click('#tab-answers');
      await page.locator('#panel-answers .choose').first().click();
      await page.click('.actions >> text=Colour by distance');
      await page.click('#tab-filter');
      const most = page.locator('#panel-filter input[aria-label^="Most distance to an answer of"]');
      await most.fill('0');
      await most.press('Enter');
      expect(await status()).toBe('1 of 91 answers shown');
      await page.click('text=show all');
      await page.click('.actions >> text=Close');
    });

    it('identifies a text, says why, and compares', async () => {
      await page.click('#tab-identify');
      await page.fill('#panel-identify textarea', records[3]!.answer);
      await page.click('#panel-identify button:has-text("Identify")');
      await page.locator('#panel-identify .item').first().waitFor();
      expect(await page.textContent('#panel-identify .bar-row .name')).toBe(`${records[3]!.model}$eng`);
      expect(await page.textContent('#panel-identify .marked')).toBe(records[3]!.answer);
      expect(await page.locator('#panel-identify .marked mark').count()).toBeGreaterThan(0);
      await page.click('#tab-compare');
      await page.selectOption('#panel-compare select >> nth=0', 'developer');
      await page.click('#panel-compare button:has-text("Compare")');
      await page.locator('#panel-compare .status', { hasText: '30 common questions' }).waitFor();
      const rows = page.locator('#panel-compare table >> nth=1 >> tbody tr');
      expect(await rows.count()).toBe(30);
      const head = page.locator('#panel-compare table >> nth=1 >> th >> nth=0');
      await head.locator('button').focus();
      await page.keyboard.press('Enter');
      expect(await head.getAttribute('aria-sort')).toBe('ascending');
      const questions = await rows.locator('.question').allTextContents();
      expect(questions).toEqual([...questions].sort((a, b) => a.localeCompare(b)));
      await page.keyboard.press('Enter');
      expect(await rows.first().locator('.question').textContent()).toBe(questions.at(-1));
    });

    it('used nothing but its server, and had no errors', () => {
      expect(requests.filter((url) => !url.startsWith(server.url) && !/^(data|blob|about):/.test(url))).toEqual([]);
      expect(errors).toEqual([]);
    });
  },
);
