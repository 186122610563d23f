import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createCanvas, loadImage } from '@napi-rs/canvas';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { replaceFile } from '../../src/core/replace-file.js';
import { htmlMap } from '../../src/maps/html-map.js';
import { mapColumns } from '../../src/maps/map-columns.js';
import type { QaRecord } from '../../src/records/record.js';
import { CHROMIUM, openBrowser } from '../support/browser.js';
import { largeMap, unpackElement } from '../support/map-page.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-map-page-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const HOSTILE = '</script><img src=x onerror="window.hit=1"><!--<script>\u2028\u0000\ud800 ${alert(1)} "\'&amp;';

async function* fromArray(records: readonly QaRecord[]): AsyncGenerator<QaRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

async function hostilePage(): Promise<string> {
  const record = { qid: 'q', question: `Q ${HOSTILE}`, answer: HOSTILE, model: HOSTILE, lang: 'eng' };
  const columns = mapColumns([`${HOSTILE}$eng`]);
  const map = {
    title: HOSTILE,
    subtitle: HOSTILE,
    coordinates: Float32Array.of(0, 0, 1, 1),
    valueIds: Int32Array.of(0, 0),
    columns,
    color: 'model',
  };
  return (await htmlMap(map, fromArray([record, record]), { textLength: 300 })).join('');
}

describe('the page of a map', () => {
  it('keeps hostile texts unchanged and out of its markup', async () => {
    const page = await hostilePage();
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)?.length).toBe(page.match(/<\/script>/g)?.length);
    expect(JSON.parse(unpackElement(page, 'map-answers-0').toString())).toEqual([HOSTILE, HOSTILE]);
    expect(JSON.parse(unpackElement(page, 'map-questions-0').toString())).toEqual([`Q ${HOSTILE}`]);
    expect(page).toContain("default-src 'none'");
    expect(page.replace(/<title>.*<\/title>/su, '')).not.toMatch(/(src|href)=|https?:/);
  });

  it('cuts long texts between characters', async () => {
    const record = { qid: 'q', question: 'Why?', answer: `${'x'.repeat(8)}😀😀😀`, model: 'm', lang: 'eng' };
    const map = {
      title: 't',
      subtitle: '',
      coordinates: new Float32Array(2),
      valueIds: new Int32Array(1),
      columns: mapColumns(['m$eng']),
      color: 'model',
    };
    const page = (await htmlMap(map, fromArray([record]), { textLength: 10 })).join('');
    expect(JSON.parse(unpackElement(page, 'map-answers-0').toString())).toEqual([`${'x'.repeat(8)}…`]);
    await expect(htmlMap(map, fromArray([record, record]), { textLength: 10 })).rejects.toMatchObject({
      code: 'ERR_DATA',
    });
  });
});

describe.skipIf(!CHROMIUM)(
  `the page in a browser (${CHROMIUM ?? 'skipped: no Chromium is installed; set UNIVAR_CHROMIUM to its path'})`,
  () => {
    const POINTS = 200_000;
    /** Difference of the channels of a pixel that counts as grey. */
    const GREYEST = 24;
    const file = join(scratch, 'large.html');
    let browser: Browser;
    let page: Page;
    let errors: string[];
    let requests: string[];

    beforeAll(async () => {
      const { map, records } = largeMap(POINTS);
      await replaceFile(file, await htmlMap(map, records(), { textLength: 300 }));
      ({ browser, page, errors, requests } = await openBrowser());
      await open(page, file);
    });
    afterAll(() => browser.close());

    async function open(target: Page, path: string): Promise<void> {
      await target.goto(pathToFileURL(path).href);
      await target.waitForSelector('html[data-ready]', { state: 'attached' });
    }

    /**
     * Returns the share of pixels of the map that have a colour, which grey context has not, and the number of their
     * colours.
     */
    async function drawn(): Promise<{ share: number; colours: number }> {
      await page.mouse.move(1270, 5); // no tooltip, and no entry of the legend
      await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
      await page.waitForSelector('html[data-ready]', { state: 'attached' }); // all points, not a part of them
      const picture = await loadImage(await page.screenshot({ clip: { x: 60, y: 0, width: 900, height: 800 } }));
      const canvas = createCanvas(900, 800);
      const context = canvas.getContext('2d');
      context.drawImage(picture, 0, 0);
      const pixels = new Uint32Array(context.getImageData(0, 0, 900, 800).data.buffer);
      const others = pixels.filter((pixel) => {
        const channels = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
        return Math.max(...channels) - Math.min(...channels) > GREYEST;
      });
      return { share: others.length / pixels.length, colours: new Set(others).size };
    }

    it('draws 200,000 points from a file on disk, without the network', async () => {
      expect(statSync(file).size).toBeLessThan(40e6);
      expect(await page.textContent('.status')).toBe('200,000 of 200,000 answers shown');
      await expect.poll(async () => (await drawn()).share, { timeout: 30_000 }).toBeGreaterThan(0.1);
      const { colours } = await drawn();
      expect(colours).toBeGreaterThan(100);
      expect(requests).toEqual([pathToFileURL(file).href]);
      expect(errors).toEqual([]);
    });

    it('shows question and answer of the point under the pointer', async () => {
      let shown = false;
      for (let x = 200; x < 900 && !shown; x += 25) {
        await page.mouse.move(x, 400);
        shown = await page.isVisible('.tooltip');
      }
      // Uses a locator, because waitForFunction polls by eval, which the page's Content Security Policy forbids.
      await page.locator('.answer', { hasText: /^Answer number/ }).waitFor();
      const number = Number(/\d+/.exec((await page.textContent('.answer'))!)![0]);
      expect(await page.textContent('.question')).toBe(`Question number ${number % 999}?`);
      const id = (number * 7) % 120;
      expect(await page.textContent('.tooltip strong')).toBe(
        `model-${String(Math.floor(id / 3)).padStart(2, '0')}$${['eng', 'fra', 'zho'][id % 3]!}`,
      );
    });

    it('filters by the search box and by the legend', async () => {
      const all = await drawn();
      await page.fill('input[type=search]', 'model-07 fra');
      expect(await page.textContent('.status')).toMatch(/^1,66[67] of 200,000/);
      expect(await page.locator('.legend button:visible').count()).toBe(1);
      expect((await drawn()).share).toBeLessThan(all.share);
      await page.fill('input[type=search]', '');
      await page.selectOption('#colour-by', 'lang');
      await page.locator('.legend button', { hasText: 'zho' }).click();
      expect(await page.textContent('.status')).toMatch(/^66,66\d of 200,000/);
      await page.click('text=show all');
      expect(await page.textContent('.status')).toBe('200,000 of 200,000 answers shown');
      await page.selectOption('#colour-by', 'value-id');
    });

    it('zooms in at the pointer, and back', async () => {
      const before = await drawn();
      await page.mouse.move(500, 400);
      for (let step = 0; step < 12; step++) await page.mouse.wheel(0, -300);
      const close = await drawn();
      expect(close.share).not.toBeCloseTo(before.share, 2);
      await page.click('[aria-label="Show the entire map"]');
      expect((await drawn()).share).toBeCloseTo(before.share, 2);
      expect(errors).toEqual([]);
    });

    it('selects with a lasso, searches in the texts, and saves what is shown', async () => {
      await page.focus('canvas');
      await page.keyboard.press('l');
      await page.mouse.move(300, 200);
      await page.mouse.down();
      for (const [x, y] of [
        [600, 200],
        [600, 600],
        [300, 600],
      ] as const)
        await page.mouse.move(x, y, { steps: 4 });
      await page.mouse.up();
      const shown = async (): Promise<number> =>
        Number(/^[\d,]+/.exec((await page.textContent('.status'))!)![0].replaceAll(',', ''));
      const selected = await shown();
      expect(selected).toBeGreaterThan(0);
      expect(selected).toBeLessThan(POINTS);
      await page.fill('input[placeholder="Words in the texts"]', 'NUMBER 7: depends');
      await page.keyboard.press('Enter');
      await page.locator('.status', { hasText: /^[\d,]{1,6} of/ }).waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=save JSONL')]);
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\n');
      expect(lines).toHaveLength(await shown());
      for (const line of lines) expect((JSON.parse(line) as { answer: string }).answer).toMatch(/number \d*7: it/);
      await page.click('text=show all');
      expect(await shown()).toBe(POINTS);
    });

    it('does not run code in answers', async () => {
      const path = join(scratch, 'hostile.html');
      await replaceFile(path, [await hostilePage()]);
      const other = await browser.newPage();
      await open(other, path);
      expect(await other.evaluate('"hit" in window')).toBe(false);
      expect(await other.textContent('h1')).toBe(HOSTILE);
      expect(await other.locator('img').count()).toBe(0);
      await other.close();
    });
  },
);
