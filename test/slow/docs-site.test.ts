/** Builds the site of the documentation, and looks at every page as a file and at some in a browser. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHROMIUM } from '../support/browser.js';
import { ROOT } from '../support/markdown-pages.js';

const SITE = join(ROOT, 'out', 'docs');

/** The file that a static server sends for an address. */
const fileOf = (path: string): string =>
  path.endsWith('/') ? `${path}index.html` : /\.[a-z0-9]+$/.test(path) ? path : `${path}.html`;

const decode = (text: string): string => decodeURIComponent(text.replaceAll('&amp;', '&'));

describe('the site of the documentation', () => {
  let pages: Map<string, string>;

  beforeAll(() => {
    execFileSync('npm', ['run', 'docs'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    const names = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
    pages = new Map(names.map((name) => [`/${name}`, readFileSync(join(SITE, name), 'utf8')]));
  });

  it('has no link to a page or heading that does not exist', () => {
    const anchors = new Map(
      [...pages].map(([name, html]) => [name, new Set([...html.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id))]),
    );
    const faults = [...pages].flatMap(([name, html]) =>
      [...html.matchAll(/<a [^>]*\bhref="([^"]*)"/g)].flatMap(([, href = '']) => {
        const { pathname, hash, host } = new URL(href.replaceAll('&amp;', '&'), `http://site${name}`);
        if (host !== 'site') return [];
        const found = anchors.get(fileOf(decode(pathname)));
        return found && (hash === '' || found.has(decode(hash.slice(1)))) ? [] : [`${name}: ${href}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it('loads nothing from the network', () => {
    const foreign = [...pages].flatMap(([name, html]) =>
      [...html.matchAll(/<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(https?:)?\/\/[^"]*"/g)].map(
        ([tag]) => `${name}: ${tag}`,
      ),
    );
    const styles = readdirSync(join(SITE, 'assets')).filter((name) => name.endsWith('.css'));
    for (const name of styles) {
      expect(readFileSync(join(SITE, 'assets', name), 'utf8')).not.toMatch(/url\(['"]?(https?:)?\/\//);
    }
    expect(foreign).toEqual([]);
  });

  describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
    let server: Server;
    const types: Record<string, string> = {
      html: 'text/html',
      js: 'text/javascript',
      css: 'text/css',
      svg: 'image/svg+xml',
    };

    beforeAll(async () => {
      server = createServer(({ url = '/' }, response) => {
        const file = fileOf(new URL(url, 'http://site').pathname);
        try {
          response.setHeader('content-type', types[/\w+$/.exec(file)?.[0] ?? ''] ?? 'application/octet-stream');
          response.end(readFileSync(join(SITE, file)));
        } catch {
          response.writeHead(404).end();
        }
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => server.close());

    it('fits a narrow screen, and finds a word', async () => {
      const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
      try {
        const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
        const errors: string[] = [];
        page.on('pageerror', ({ message }) => errors.push(message));
        page.on('response', (response) => {
          const known = response.ok() && response.url().startsWith(site);
          if (!known) errors.push(`${response.status()} ${response.url()}`);
        });
        for (const [name] of pages) {
          if (name.startsWith('/api/univar/') && !name.endsWith('index.html')) continue;
          await page.goto(site + name.replace(/(index)?\.html$/, ''));
          const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          if (excess !== 0) errors.push(`${name} is ${String(excess)} pixels too wide`);
        }
        await page.goto(`${site}/`);
        await page.keyboard.press('Control+k');
        await page.getByRole('searchbox').fill('calibrated');
        await page
          .getByRole('option', { name: /Reading the results/ })
          .first()
          .click();
        await page.waitForURL(/\/results/);
        expect(errors).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
});
