/**
 * Puts load on `univar serve` and measures the latency of identification at several numbers of connections, for texts
 * and for vectors, and the memory of the server. It starts the compiled program itself:
 *
 *   tsx bench/support/serve-load.ts --index values/ [--connections 1,16,256] [--duration 10] [--kinds texts,vectors]
 *   [--read-only] [--out bench/results]
 *
 * Texts and vectors are answers of the dataset, so a text has its real length. `--duration 600 --connections 16` tests
 * for leaks: compare the memory after a tenth of the time with that at the end. Answers after the end do not count, so
 * the duration should be many times the slowest answer. The clients share the cores with the server.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import autocannon from 'autocannon';

import { describeMachine } from '../../src/benchmarking/results-file.js';
import { quantile } from '../../src/benchmarking/statistics.js';
import { vectorsToBase64 } from '../../src/core/vector-base64.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { capabilities } from '../../src/native/capabilities.js';
import { searchedVectors } from '../../src/pipeline/index/vector-source.js';
import { environmentOf } from './engine.js';
import { residentBytes } from './process-memory.js';
import { startServeProcess } from './serve-process.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIFFERENT_BODIES = 512;
const WARM_UP_SECONDS = 2;
/** Answers with texts in each response. */
const EVIDENCE = 3;
const MEMORY_INTERVAL_MS = 500;

const { values: options } = parseArgs({
  options: {
    index: { type: 'string' },
    connections: { type: 'string', default: '1,16,256' },
    duration: { type: 'string', default: '10' },
    kinds: { type: 'string', default: 'texts,vectors' },
    k: { type: 'string', default: '50' },
    'read-only': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

interface Load {
  kind: string;
  connections: number;
  seconds: number;
  requestsPerSecond: number;
  /** Median latency of answers with status 200. NaN, and null in the file, if there was none in time. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Number of answers by status; 503 means refused because of the limits. */
  statuses: Record<string, number>;
  errors: number;
  /**
   * Resident memory of the server in MiB: after a tenth of the time, at the end, the growth between them, and the peak.
   */
  memoryMiB: { early: number; end: number; growth: number; most: number };
}

/** Builds request bodies with one query each. */
async function bodiesOf(dir: string, kind: string, k: number): Promise<string[]> {
  const dataset = await openDataset(dir);
  const step = Math.max(1, Math.floor(dataset.rows / DIFFERENT_BODIES));
  const bodies: string[] = [];
  if (kind === 'texts') {
    let row = 0;
    for await (const { question, answer } of dataset.records()) {
      if (row++ % step === 0) bodies.push(JSON.stringify({ texts: [{ question, answer }], k, evidence: EVIDENCE }));
      if (bodies.length === DIFFERENT_BODIES) break;
    }
    return bodies;
  }
  const { vectors } = await searchedVectors(dataset);
  for await (const batch of vectors.embeddingBatches(step)) {
    bodies.push(JSON.stringify({ vectors: [vectorsToBase64(batch.subarray(0, vectors.dim))], k, evidence: EVIDENCE }));
    if (bodies.length === DIFFERENT_BODIES) break;
  }
  return bodies;
}

function fire(
  url: string,
  bodies: readonly string[],
  connections: number,
  seconds: number,
  onResponse?: (status: number, ms: number) => void,
): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const requests = bodies.map((body) => ({
      method: 'POST' as const,
      path: '/v1/identify',
      headers: { 'content-type': 'application/json' },
      body,
    }));
    // Gives each connection a share: autocannon serialises every request of every connection before it reads the first
    // answer.
    const each = Math.max(2, Math.floor(requests.length / connections));
    let given = 0;
    const setupClient = (client: autocannon.Client): void => {
      client.setRequests(Array.from({ length: each }, () => requests[given++ % requests.length]!));
    };
    const instance = autocannon(
      { url, connections, duration: seconds, timeout: 120, requests: [requests[0]!], setupClient },
      (error: Error | null, result) => (error ? reject(error) : resolve(result)),
    );
    if (onResponse) instance.on('response', (_, status, __, ms) => onResponse(status, ms));
  });
}

async function measure(
  url: string,
  pid: number,
  kind: string,
  bodies: readonly string[],
  connections: number,
  seconds: number,
): Promise<Load> {
  await fire(url, bodies, connections, WARM_UP_SECONDS);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(residentBytes(pid) / 2 ** 20), MEMORY_INTERVAL_MS);
  const result = await fire(url, bodies, connections, seconds, (status, ms) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === 200) latencies.push(ms);
  });
  clearInterval(timer);
  memory.push(residentBytes(pid) / 2 ** 20);
  const [early, end] = [memory[Math.floor(memory.length / 10)]!, memory.at(-1)!];
  return {
    kind,
    connections,
    seconds: result.duration,
    requestsPerSecond: latencies.length / result.duration,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    statuses,
    errors: result.errors + result.timeouts,
    memoryMiB: { early, end, growth: end - early, most: Math.max(...memory) },
  };
}

function describe({
  kind,
  connections,
  requestsPerSecond,
  p50Ms,
  p99Ms,
  statuses,
  errors,
  memoryMiB: { early, end },
}: Load): string {
  const milliseconds = (value: number): string => (Number.isNaN(value) ? 'none' : value.toFixed(2)).padStart(9);
  const cells = [
    kind.padEnd(8),
    String(connections).padStart(5),
    requestsPerSecond.toFixed(1).padStart(9),
    milliseconds(p50Ms),
    milliseconds(p99Ms),
  ];
  const memory = `${early.toFixed(0)} -> ${end.toFixed(0)}`.padStart(13);
  return `${[...cells, memory, JSON.stringify(statuses)].join('  ')}${errors > 0 ? `, ${errors} errors` : ''}`;
}

if (options.index === undefined) throw new Error('Expected --index DATASET, written by univar embed');
const { url, pid, factory, stop } = await startServeProcess(options.index, options['read-only'] ? ['--read-only'] : []);
const loads: Load[] = [];
try {
  console.log('kind      conn    req/s     p50 ms     p99 ms     memory MiB  statuses');
  for (const kind of options.kinds.split(',')) {
    const bodies = await bodiesOf(options.index, kind, Number(options.k));
    for (const connections of options.connections.split(',').map(Number)) {
      const load = await measure(url, pid, kind, bodies, connections, Number(options.duration));
      loads.push(load);
      console.log(describe(load));
    }
  }
} finally {
  await stop('SIGTERM');
}
if (options.out !== undefined) {
  const { dataset, vectors, isFitted } = await searchedVectors(options.index);
  const encoder = isFitted ? 'fit' : dataset.manifest.encoder.name;
  const { rows, dim } = vectors;
  const machine = await describeMachine(ROOT, environmentOf(capabilities()));
  const { connections, duration, kinds, k } = options;
  const command =
    'npx tsx bench/support/serve-load.ts --index DATASET ' +
    `--connections ${connections} --duration ${duration} --kinds ${kinds} --k ${k}`;
  const file = { command, machine, encoder, rows, dim, factory, k: Number(options.k), loads };
  mkdirSync(options.out, { recursive: true });
  const path = join(options.out, `serve-load-${machine.variant}.json`);
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  console.log(path);
}
