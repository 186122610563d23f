/**
 * Measures `univar explore` on a dataset: the start, the page in Chromium (time until it is usable, frames while it
 * moves and zooms, memory), and every request. The first start can take long; a second one is measured.
 *
 *   npm run bench:explore -- --dataset values --results bench/results/explore.json
 *   npm run bench:explore -- --points 1000000
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import { capabilities } from '../../src/native/capabilities.js';
import { environmentOf } from '../support/engine.js';
import { cpuSeconds } from '../support/process-cpu.js';
import { residentBytes } from '../support/process-memory.js';
import { startMadeMap } from './made-map.js';
import { measurePage } from './page.js';
import { measureRequests } from './requests.js';
import { startExplore } from './server.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const { values } = parseArgs({
  options: {
    dataset: { type: 'string' },
    /** Instead of a dataset: points of a made map, for the figures of the browser alone. */
    points: { type: 'string' },
    method: { type: 'string', default: 'umap' },
    results: { type: 'string' },
    /** Draws on the GPU, if Chromium can use one. */
    gpu: { type: 'boolean', default: false },
  },
});

/** Start, requests and page of a dataset. */
async function measureDataset(dataset: string) {
  const args = ['--method', values.method];
  const first = await startExplore(dataset, args);
  await first.indexed();
  await first.stop();
  const server = await startExplore(dataset, args);
  try {
    const startCpuSeconds = cpuSeconds(server.pid);
    await server.indexed();
    const { rows, ms } = await measureRequests(server.url);
    const page = await measurePage(server.url, values.gpu);
    return {
      rows,
      firstStartSeconds: first.seconds,
      startSeconds: server.seconds,
      startCpuSeconds,
      serverResidentBytes: residentBytes(server.pid),
      requestsMs: ms,
      page,
    };
  } finally {
    await server.stop();
  }
}

async function measureMadeMap(points: number) {
  const map = await startMadeMap(points);
  try {
    return { points, page: await measurePage(map.url, values.gpu) };
  } finally {
    map.stop();
  }
}

if ((values.dataset === undefined) === (values.points === undefined))
  throw new Error('Expected either --dataset FOLDER or --points N');
const figures =
  values.dataset === undefined ? await measureMadeMap(Number(values.points)) : await measureDataset(values.dataset);
const result = {
  command: `npm run bench:explore -- ${values.dataset === undefined ? `--points ${values.points}` : '--dataset DATA'}`,
  machine: await describeMachine(ROOT, environmentOf(capabilities())),
  load: loadavg()[0],
  ...figures,
};
const text = `${JSON.stringify(result, null, 2)}\n`;
process.stdout.write(text);
if (values.results !== undefined) writeFileSync(values.results, text);
