/**
 * Puts load on `univar serve` and measures the latency of identification at several numbers of connections, for texts
 * and for vectors, and the memory of the server. It starts the compiled program itself, for a copy of the dataset:
 *
 *   tsx bench/support/serve-load.ts --index values/ [--connections 1,16,256] [--duration 10]
 *   [--kinds texts,vectors,mixed] [--read-only] [--out bench/results]
 *
 * Texts and vectors are answers of the dataset, so a text has its real length. `mixed` also searches, embeds, and adds
 * and removes an answer per second. `--duration 600 --connections 128 --kinds mixed` tests for leaks: compare the
 * memory after a tenth of the time with that at the end. Answers after the end do not count, so the duration should be
 * many times the slowest answer. The clients share the cores with the server.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import autocannon from 'autocannon';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import { quantile } from '../../packages/bench-gate/src/timing/statistics.js';
import { capabilities } from '../../src/native/capabilities.js';
import { searchedVectors } from '../../src/pipeline/index/vector-source.js';
import { environmentOf } from './engine.js';
import { residentBytes } from './process-memory.js';
import { startServeProcess } from './serve-process.js';
import { type Share, sharesOf } from './serve-requests.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WARM_UP_SECONDS = 2;
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
  /** Median latency of answers with status 200 or 201. NaN, and null in the file, if there was none in time. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Number of answers by status; 503 means refused because of the limits. */
  statuses: Record<string, number>;
  errors: number;
  /**
   * Resident memory of the server in MiB: after a tenth of the time, at the end, the growth between them, the peak, and
   * the medians of every tenth of the time.
   */
  memoryMiB: { early: number; end: number; growth: number; most: number; tenths: number[] };
}

function fire(
  url: string,
  { requests, connections, rate }: Share,
  seconds: number,
  onResponse?: (status: number, ms: number) => void,
): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const all = requests.map((request) => ({ ...request, headers: { 'content-type': 'application/json' } }));
    // Gives each connection a share: autocannon serialises every request of every connection before it reads the first
    // answer.
    const each = Math.max(2, Math.floor(all.length / connections));
    let given = 0;
    const setupClient = (client: autocannon.Client): void => {
      client.setRequests(Array.from({ length: each }, () => all[given++ % all.length]!));
    };
    const limits = { connections, duration: seconds, timeout: 120, ...(rate !== undefined && { overallRate: rate }) };
    const instance = autocannon({ url, ...limits, requests: [all[0]!], setupClient }, (error: Error | null, result) =>
      error ? reject(error) : resolve(result),
    );
    if (onResponse) instance.on('response', (_, status, __, ms) => onResponse(status, ms));
  });
}

/** Measures shares of a load at the same time. */
async function measure(url: string, pid: number, shares: readonly Share[], seconds: number): Promise<Load[]> {
  await Promise.all(shares.map((share) => fire(url, share, WARM_UP_SECONDS)));
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(residentBytes(pid) / 2 ** 20), MEMORY_INTERVAL_MS);
  const loads = await Promise.all(shares.map((share) => measureShare(url, share, seconds)));
  clearInterval(timer);
  memory.push(residentBytes(pid) / 2 ** 20);
  const [early, end] = [memory[Math.floor(memory.length / 10)]!, memory.at(-1)!];
  const tenths = Array.from({ length: 10 }, (_, i) => {
    const [from, to] = [i, i + 1].map((tenth) => Math.floor((tenth * memory.length) / 10));
    return Math.round(quantile(memory.slice(from, to), 0.5));
  });
  const memoryMiB = { early, end, growth: end - early, most: Math.max(...memory), tenths };
  return loads.map((load) => ({ ...load, memoryMiB }));
}

async function measureShare(url: string, share: Share, seconds: number): Promise<Omit<Load, 'memoryMiB'>> {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const result = await fire(url, share, seconds, (status, ms) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status < 300) latencies.push(ms);
  });
  return {
    kind: share.kind,
    connections: share.connections,
    seconds: result.duration,
    requestsPerSecond: latencies.length / result.duration,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    statuses,
    errors: result.errors + result.timeouts,
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
    kind.padEnd(16),
    String(connections).padStart(5),
    requestsPerSecond.toFixed(1).padStart(9),
    milliseconds(p50Ms),
    milliseconds(p99Ms),
  ];
  const memory = `${early.toFixed(0)} -> ${end.toFixed(0)}`.padStart(13);
  return `${[...cells, memory, JSON.stringify(statuses)].join('  ')}${errors > 0 ? `, ${errors} errors` : ''}`;
}

if (options.index === undefined) throw new Error('Expected --index DATASET, written by univar embed');
const scratch = mkdtempSync(join(tmpdir(), 'univar-load-'));
const copy = join(scratch, 'values');
cpSync(options.index, copy, { recursive: true });
const { url, pid, factory, stop } = await startServeProcess(copy, options['read-only'] ? ['--read-only'] : []);
const loads: Load[] = [];
try {
  console.log('kind              conn    req/s     p50 ms     p99 ms     memory MiB  statuses');
  for (const kind of options.kinds.split(',')) {
    for (const connections of options.connections.split(',').map(Number)) {
      const shares = await sharesOf(copy, kind, connections, Number(options.k));
      for (const load of await measure(url, pid, shares, Number(options.duration))) {
        loads.push(load);
        console.log(describe(load));
      }
    }
  }
} finally {
  await stop('SIGTERM');
  rmSync(scratch, { recursive: true });
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
