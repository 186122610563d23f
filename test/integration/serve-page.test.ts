import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHROMIUM } from '../support/browser.js';
import { makeServedDataset, type RunningServer, type ServedDataset, startServe } from '../support/served.js';

const HOSTILE = '<img src=x onerror="window.hit=1">';
const scratch = mkdtempSync(join(tmpdir(), 'univar-serve-page-'));
const ends: (() => Promise<unknown>)[] = [];

describe.skipIf(!CHROMIUM)(
  `the page at / (${CHROMIUM ?? 'skipped: no Chromium is installed; set UNIVAR_CHROMIUM to its path'})`,
  () => {
    let served: ServedDataset;
    let server: RunningServer;
    let browser: Browser;
    let page: Page;
    const errors: string[] = [];
    const requests: string[] = [];

    beforeAll(async () => {
      served = await makeServedDataset(scratch);
      server = await startServe(['--index', served.dir, '--allowed-host', 'values.example'], (end) => ends.push(end));
      browser = await chromium.launch({
        executablePath: CHROMIUM!,
        args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'],
      });
      page = await browser.newPage({ viewport: { width: 1000, height: 1200 } });
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(server.url);
    });
    afterAll(async () => {
      await browser.close();
      for (const end of ends) await end();
      rmSync(scratch, { recursive: true });
    });

    it('lists the routes and connects only to its server', async () => {
      await page.waitForSelector('#routes table');
      expect(await page.textContent('#routes')).toContain('POST /v1/identify');
      expect(requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'))).toEqual([]);
    });

    it('identifies, searches and embeds', async () => {
      const { question, answer, model } = served.records[4]!;
      await page.fill('#question', question);
      await page.fill('#text', answer);
      await page.click('#identify');
      await page.waitForSelector('#result meter');
      expect(await page.textContent('#result')).toContain(`${model}$eng`);
      expect(await page.textContent('#result h2 + table tbody tr')).toContain(answer);
      await page.click('#search');
      await page.waitForSelector('#result tbody tr:nth-child(10)');
      await page.click('#embed');
      await page.waitForSelector('#result p:has-text("64 entries")');
    });

    it('can restrict results to some models', async () => {
      await page.fill('#text', 'w1 w2');
      await page.fill('#models', 'model-1, model-2');
      await page.fill('#langs', 'eng');
      await page.click('#search');
      await page.waitForSelector('#result p:has-text("The filter matches 40 answers.")');
      const found = await page.locator('#result tbody tr td:nth-child(2)').allTextContents();
      expect(new Set(found)).toEqual(new Set(['model-1$eng', 'model-2$eng']));
      for (const id of ['#models', '#langs']) await page.fill(id, '');
    });

    it('cannot be used by a page whose name was rebound to the address of the server', async () => {
      const { port } = new URL(server.url);
      const statuses = async (name: string): Promise<unknown> => {
        const other = await browser.newPage();
        // Whatever the server answers, the document has the origin of the name, as if it came before the rebinding.
        await other.goto(`http://${name}:${port}/healthz`);
        const found = await other.evaluate(`(async () => {
          const send = (method, path, body) => fetch(path, {
            method, body: body && JSON.stringify(body), headers: body ? { 'content-type': 'application/json' } : {},
          }).then(({ status }) => status);
          const record = { qid: 'q', question: 'w1', answer: 'w2', model: 'model-1', lang: 'eng' };
          return [
            await send('GET', '/v1/index'),
            await send('DELETE', '/v1/index', { rows: [4000] }),
            await send('POST', '/v1/index', { records: [record] }),
          ];
        })()`);
        await other.close();
        return found;
      };
      expect(await statuses('evil.example')).toEqual([421, 421, 421]);
      expect(await statuses('values.example')).toEqual([200, 200, 201]);
    });

    it('shows hostile answers and errors as text', async () => {
      const record = { qid: 'q', question: HOSTILE, answer: HOSTILE, model: HOSTILE, lang: 'eng' };
      expect((await server.post('/v1/index', { records: [record] })).status).toBe(201);
      await page.fill('#question', HOSTILE);
      await page.fill('#text', HOSTILE);
      await page.click('#identify');
      await page
        .locator('#result tbody', { hasText: `${HOSTILE}$eng` })
        .first()
        .waitFor();
      expect(await page.evaluate('[window.hit, document.images.length]')).toEqual([undefined, 0]);
      expect(errors).toEqual([]);
      await page.fill('#text', '');
      await page.click('#identify');
      await page.waitForSelector('#result .error');
      expect(await page.textContent('#result .error')).toContain('must NOT have fewer than 1 characters');
      await page.fill('#text', 'w1');
      await page.fill('#models', 'model1');
      await page.click('#search');
      await page.waitForSelector('#result .error:has-text("model-1")');
    });
  },
);
