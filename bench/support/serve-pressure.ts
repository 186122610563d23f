/**
 * Puts `univar serve` under pressure and measures what other clients notice: the latency of `/healthz`, the memory of
 * the server at its peak, and its memory a minute later. It starts the compiled program itself, anew for each kind:
 *
 *   tsx bench/support/serve-pressure.ts --index values/ [--connections 64] [--seconds 10] [--kinds keys,texts]
 *   [--max-body 8] [--rest 60]
 *
 * Every connection sends the largest body that the route takes, again and again; `unread` asks for large responses and
 * does not read them, and `half` never ends its body. The clients share the cores with the server, but with a lower
 * priority, as if they were other machines.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import { quantile } from '../../packages/bench-gate/src/timing/statistics.js';
import { vectorsToBase64 } from '../../src/core/vector-base64.js';
import { residentBytes } from './process-memory.js';
import { startServeProcess } from './serve-process.js';

const MIB = 2 ** 20;
const MEMORY_INTERVAL_MS = 100;
const LOW_PRIORITY = 19;

const { values: options } = parseArgs({
  options: {
    index: { type: 'string' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    rest: { type: 'string', default: '60' },
    kinds: { type: 'string' },
    'max-body': { type: 'string', default: '8' },
  },
});
const limit = Number(options['max-body']) * MIB;

interface Attack {
  path: string;
  type?: string;
  body: Buffer;
  /** Whether to leave out the last byte of the body. */
  half?: boolean;
  /** Whether to read no response. */
  unread?: boolean;
}

/** Repeats `unit` until the body is almost as large as allowed. */
function filled(begin: string, unit: string | ((i: number) => string), end: string, most = Infinity): Buffer {
  const parts: string[] = [begin];
  let bytes = begin.length + end.length;
  for (let i = 0; i < most; i++) {
    const part = typeof unit === 'string' ? unit : unit(i);
    const length = Buffer.byteLength(part);
    if (bytes + length > limit) break;
    parts.push(part);
    bytes += length;
  }
  return Buffer.from(parts.join('') + end);
}

function attacks(dim: number): Record<string, Attack> {
  const vector = Float32Array.from({ length: dim }, (_, i) => (i === 0 ? 1 : 0));
  const base64 = vectorsToBase64(vector);
  const rows = Math.min(2048, Math.floor(limit / (4 * dim)));
  const packed = Buffer.concat(Array<Buffer>(rows).fill(Buffer.from(base64, 'base64')));
  const words = 'A promise is a promise, whatever it costs those who gave it. ';
  const text = (length: number) => words.repeat(Math.ceil(length / words.length)).slice(0, length);
  const each = Math.floor(limit / 2048) - 8;
  const identify = '/v1/identify';
  const escaped = '\\u0441\\u043b\\u043e\\u0432\\u043e '.repeat(Math.floor(each / 31));
  return {
    brackets: { path: identify, body: filled('', '[', '') },
    keys: { path: identify, body: filled('{"texts":["a"]', (i) => `,"k${i}":1`, '}') },
    numbers: { path: identify, body: filled('{"vectors":[[1', ',1', ']]}') },
    objects: { path: '/v1/embeddings', body: filled('{"input":"a","x":[{}', ',{}', ']}') },
    strings: { path: '/v1/embeddings', body: filled('{"input":["a"', (i) => `,"${i}"`, ']}', 131_000) },
    spaces: { path: '/v1/embeddings', body: filled('{"input":', ' ', '"a"}') },
    floats: { path: '/v1/search', body: filled('{"vectors":[[1', ',0.12345678901234567', ']]}', 130_000) },
    newlines: {
      path: '/v1/embeddings',
      body: filled('{"input":["a"', `,"${'\\n'.repeat(Math.floor(each / 2))}"`, ']}'),
    },
    escapes: { path: '/v1/embeddings', body: filled('{"input":["a"', `,"${escaped}"`, ']}') },
    embeddings: { path: '/v1/embeddings', body: filled('{"input":["a"', `,"${text(each)}"`, ']}', 2047) },
    short: { path: '/v1/embeddings', body: filled('{"input":["a"', ',"a"', ']}', 2047) },
    texts: { path: identify, body: filled('{"texts":["a"', `,"${text(each)}"`, ']}', 2047) },
    base64: { path: '/v1/search', body: filled(`{"vectors":["${base64}"`, `,"${base64}"`, ']}', 2047) },
    packed: { path: '/v1/search?k=10', type: 'application/octet-stream', body: packed },
    answers: { path: '/v1/search?k=16&answers=true', type: 'application/octet-stream', body: packed },
    unread: { path: '/v1/search?k=16&answers=true', type: 'application/octet-stream', body: packed, unread: true },
    half: { path: identify, body: filled('{"texts":["a"', `,"${text(each)}"`, ']}', 2047), half: true },
  };
}

/** Probes /healthz from a thread of its own, because the clients keep this one busy. */
const PROBE = `
const { workerData, parentPort } = require('node:worker_threads');
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true });
const latencies = [];
let running = true;
parentPort.once('message', () => { running = false; });
const get = () => new Promise((resolve) => {
  http.get(workerData + '/healthz', { agent }, (r) => r.resume().once('end', () => resolve(r.statusCode)))
    .once('error', () => resolve(0));
});
(async () => {
  let failed = 0;
  while (running) {
    const begin = performance.now();
    if ((await get()) === 200) latencies.push(performance.now() - begin); else failed++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  agent.destroy();
  parentPort.postMessage({ latencies, failed });
})();`;

async function probe(url: string): Promise<() => Promise<{ latencies: number[]; failed: number }>> {
  const worker = new Worker(PROBE, { eval: true, workerData: url });
  await once(worker, 'online');
  return async () => {
    worker.postMessage('end');
    const [result] = (await once(worker, 'message')) as [{ latencies: number[]; failed: number }];
    return result;
  };
}

/** Sends the body on one connection again and again until the time is over, and counts the statuses. */
async function attack(
  url: string,
  { path, type, body, half, unread }: Attack,
  until: number,
  count: (status: string) => void,
) {
  const { hostname, port } = new URL(url);
  const head =
    `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${type ?? 'application/json'}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  while (performance.now() < until) {
    const socket: Socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    const closed = once(socket, 'close').catch(() => undefined);
    const end = sleep(Math.max(0, until - performance.now()));
    socket.write(head);
    socket.write(half ? body.subarray(0, -1) : body);
    if (unread) {
      socket.pause();
      await Promise.race([closed, end]);
      count(socket.destroyed ? 'cut off' : 'unread');
      socket.destroy();
      continue;
    }
    // Reads one whole response: its length says where it ends.
    let text = '';
    let left = -1;
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        if (left < 0) {
          text += chunk.toString('latin1');
          const split = text.indexOf('\r\n\r\n');
          if (split < 0) return;
          const length = /content-length: (\d+)/i.exec(text)?.[1];
          left = Number(length ?? Infinity) - (text.length - split - 4);
        } else left -= chunk.length;
        if (left <= 0) resolve();
      });
    });
    await Promise.race([answered, closed, end]);
    count(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'none');
    socket.destroy();
  }
}

async function measure(kind: string, dimOf: (url: string) => Promise<number>): Promise<void> {
  const { url, pid, stop } = await startServeProcess(options.index!, [
    '--read-only',
    '--max-body',
    options['max-body'],
  ]);
  try {
    const made = attacks(await dimOf(url))[kind];
    if (!made) throw new Error(`There is no kind ${kind}`);
    await sleep(1000);
    const idle = residentBytes(pid) / MIB;
    const statuses: Record<string, number> = {};
    const endProbe = await probe(url);
    const until = performance.now() + 1000 * Number(options.seconds);
    const priority = getPriority();
    setPriority(LOW_PRIORITY); // of this thread; the next server starts with the old one, which only root can set again
    const count = (status: string): void => void (statuses[status] = (statuses[status] ?? 0) + 1);
    const timer = setInterval(() => (peak = Math.max(peak, residentBytes(pid) / MIB)), MEMORY_INTERVAL_MS);
    let peak = idle;
    await Promise.all(Array.from({ length: Number(options.connections) }, () => attack(url, made, until, count)));
    const { latencies, failed } = await endProbe();
    clearInterval(timer);
    if (process.getuid?.() === 0) setPriority(priority);
    await sleep(1000 * Number(options.rest));
    const after = residentBytes(pid) / MIB;
    const ms = (q: number): string => quantile(latencies, q).toFixed(1).padStart(7);
    const mib = (value: number): string => value.toFixed(0).padStart(6);
    console.log(
      `${kind.padEnd(11)}${ms(0.5)}${ms(0.99)}${ms(1)}  ${mib(idle)}${mib(peak - idle)}${mib(after - idle)}` +
        `  ${JSON.stringify(statuses)}${failed > 0 ? `, ${failed} probes failed` : ''}`,
    );
  } finally {
    await stop('SIGKILL');
  }
}

if (options.index === undefined) throw new Error('Expected --index DATASET, written by univar embed');
const dimOf = async (url: string): Promise<number> =>
  ((await (await fetch(`${url}/v1/index`)).json()) as { dim: number }).dim;
console.log('             /healthz ms             memory MiB');
console.log('kind           p50    p99    max    idle  peak  later  statuses');
const kinds = options.kinds?.split(',') ?? Object.keys(attacks(1));
for (const kind of kinds) await measure(kind, dimOf);
