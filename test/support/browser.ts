import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of an installed Chromium, or undefined. */
export const CHROMIUM = process.env['UNIVAR_CHROMIUM'] ?? BROWSERS.find((path) => existsSync(path));

/** A page, and what it has reported and asked for so far. */
export interface WatchedPage {
  browser: Browser;
  page: Page;
  errors: string[];
  requests: string[];
}

/** Starts Chromium with an empty page. */
export async function openBrowser(): Promise<WatchedPage> {
  // Software rendering: test machines have no GPU. Without a sandbox, because containers run as root.
  const browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  return { browser, page, errors, requests };
}
