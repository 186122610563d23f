/** The page in Chromium: time until it is usable, frames while the map moves, and memory. */
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';

import { residentBytes } from '../support/process-memory.js';

const FRAMES = 60;
/** A busy machine can take minutes for a million points. */
const READY_MS = 300_000;

interface Frames {
  medianMs: number;
  p95Ms: number;
  /** CPU time of all processes of Chromium per frame. It hardly depends on what else the machine does. */
  cpuMs: number;
}

export interface PageFigures {
  /** Until the first picture, and until the one with all points. */
  usableMs: number;
  readyMs: number;
  pan: Frames;
  zoom: Frames;
  filterMs: number;
  /** Objects of the scripts, and their typed arrays. */
  heapBytes: number;
  arrayBytes: number;
  /** Resident memory of the process of the page, with what all processes of Chromium share. */
  residentBytes: number;
}

export async function measurePage(url: string, useGpu: boolean): Promise<PageFigures> {
  const browser = await chromium.launch({
    executablePath: process.env['UNIVAR_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...(useGpu ? [] : ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'])],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const begin = performance.now();
    await page.goto(url);
    await page.waitForSelector('html[data-drawn]', { state: 'attached', timeout: READY_MS });
    const usableMs = Math.round(performance.now() - begin);
    await page.waitForSelector('html[data-ready]', { state: 'attached', timeout: READY_MS });
    const readyMs = Math.round(performance.now() - begin);
    const pan = await frames(browser, page, ['ArrowLeft', 'ArrowRight']);
    const zoom = await frames(browser, page, ['+', '-']);
    const filterStart = performance.now();
    await page.click('#panel-filter .bars button');
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    const filterMs = Math.round(performance.now() - filterStart);
    const session = await page.context().newCDPSession(page);
    return {
      usableMs,
      readyMs,
      pan,
      zoom,
      filterMs,
      ...(await memory(session)),
      residentBytes: await rendererBytes(browser),
    };
  } finally {
    await browser.close();
  }
}

/** Presses keys in turn, one per frame, and measures the time from frame to frame. */
async function frames(browser: Browser, page: Page, keys: readonly string[]): Promise<Frames> {
  const before = await cpuSecondsOf(browser);
  const times = await page.evaluate<number[]>(`(async () => {
    const canvas = document.querySelector('canvas');
    const keys = ${JSON.stringify(keys)};
    const times = [];
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let last = await frame();
    for (let i = 0; i < ${FRAMES}; i++) {
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key: keys[i % keys.length], bubbles: true }));
      const now = await frame();
      times.push(now - last);
      last = now;
    }
    return times;
  })()`);
  const cpuMs = Math.round((1e4 * ((await cpuSecondsOf(browser)) - before)) / FRAMES) / 10;
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))]! * 10) / 10;
  return { medianMs: at(0.5), p95Ms: at(0.95), cpuMs };
}

async function memory(session: CDPSession): Promise<Pick<PageFigures, 'heapBytes' | 'arrayBytes'>> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = (await session.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  return { heapBytes: usedSize, arrayBytes: backingStorageSize };
}

async function cpuSecondsOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Resident memory of the largest process that renders a page. */
async function rendererBytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return Math.max(0, ...renderers.map(({ id }) => residentBytes(id)));
}
