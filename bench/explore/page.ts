/** The page in Chromium: time until it is usable, frames while the map moves, and memory. */
import { type CDPSession, chromium, type Page } from 'playwright-core';

const FRAMES = 60;

interface Frames {
  medianMs: number;
  p95Ms: number;
}

export interface PageFigures {
  readyMs: number;
  pan: Frames;
  zoom: Frames;
  filterMs: number;
  /** Objects of the scripts, and their typed arrays. */
  heapBytes: number;
  arrayBytes: number;
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
    await page.waitForSelector('html[data-ready]', { state: 'attached' });
    const readyMs = Math.round(performance.now() - begin);
    const pan = await frames(page, ['ArrowLeft', 'ArrowRight']);
    const zoom = await frames(page, ['+', '-']);
    const filterStart = performance.now();
    await page.click('#panel-filter .bars button');
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    const filterMs = Math.round(performance.now() - filterStart);
    const session = await page.context().newCDPSession(page);
    return { readyMs, pan, zoom, filterMs, ...(await memory(session)) };
  } finally {
    await browser.close();
  }
}

/** Presses keys in turn, one per frame, and measures the time from frame to frame. */
async function frames(page: Page, keys: readonly string[]): Promise<Frames> {
  const times = (await page.evaluate(`(async () => {
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
  })()`)) as number[];
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))]! * 10) / 10;
  return { medianMs: at(0.5), p95Ms: at(0.95) };
}

async function memory(session: CDPSession): Promise<Pick<PageFigures, 'heapBytes' | 'arrayBytes'>> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = (await session.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  return { heapBytes: usedSize, arrayBytes: backingStorageSize };
}
