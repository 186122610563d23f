/**
 * Measures `univar explore` on a dataset: the start, the page in Chromium (time until it is usable, frames while it
 * moves and zooms, memory), and every request. The first start can take long; a second one is measured.
 *
 *   npm run bench:explore -- --dataset values --results bench/results/explore.json
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { capabilities } from '../../src/native/capabilities.js';
import { cpuSeconds } from '../support/process-cpu.js';
import { residentBytes } from '../support/process-memory.js';
import { measurePage } from './page.js';
import { measureRequests } from './requests.js';
import { startExplore } from './server.js';

const { values } = parseArgs({
  options: {
    dataset: { type: 'string' },
    method: { type: 'string', default: 'umap' },
    results: { type: 'string' },
    /** Draws on the GPU, if Chromium can use one. */
    gpu: { type: 'boolean', default: false },
  },
});
if (values.dataset === undefined) throw new Error('Expected --dataset FOLDER');

const args = ['--method', values.method];
const first = await startExplore(values.dataset, args);
await first.indexed();
await first.stop();
const server = await startExplore(values.dataset, args);
try {
  await server.indexed();
  const startCpuSeconds = cpuSeconds(server.pid);
  const requests = await measureRequests(server.url);
  const page = await measurePage(server.url, values.gpu);
  const result = {
    rows: requests.rows,
    firstStartSeconds: first.seconds,
    startSeconds: server.seconds,
    startCpuSeconds,
    serverResidentBytes: residentBytes(server.pid),
    requestsMs: requests.ms,
    page,
    command: process.argv.slice(2).join(' '),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    environment: capabilities(),
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(text);
  if (values.results !== undefined) writeFileSync(values.results, text);
} finally {
  await server.stop();
}
