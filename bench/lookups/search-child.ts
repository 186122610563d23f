/** Opens one saved index and answers the commands of searcher.ts: tsx bench/lookups/search-child.ts '{"path": ...}' */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { addon } from '../../src/native/loader.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { openUsearch } from './peers/usearch.js';
import type { SearchRequest, Times } from './searcher.js';

type Labels = ArrayLike<number | bigint>;

interface Settings {
  k: number;
  setting: number;
  threads: number;
  /** 0 for the default. */
  rerank: number;
}

type Found = { labels: Labels };

interface Searches {
  now: (queries: Float32Array) => Found;
  awaited: (queries: Float32Array) => Promise<Found>;
}

const request = JSON.parse(process.argv[2]!) as SearchRequest;
const { dim } = request;
const queries = new Float32Array(new Uint8Array(readFileSync(request.queries)).buffer);
const count = queries.length / dim;
const single = Array.from({ length: count }, (_, i) => queries.slice(i * dim, (i + 1) * dim));

async function open({
  engine,
  path,
  parameter,
  factory,
  mapped,
}: SearchRequest): Promise<(settings: Settings) => Searches> {
  if (engine === 'usearch') {
    const usearch = await openUsearch();
    return ({ k, setting, threads }) => {
      const search = usearch.view(path, { dim, quantization: factory, expansion: setting, threads });
      const now = (rows: Float32Array): Found => ({ labels: search(rows, k) });
      return { now, awaited: (rows) => Promise.resolve(now(rows)) };
    };
  }
  const index = await VectorIndex.load(path, { map: mapped, plain: engine === 'libfaiss' });
  return ({ k, setting, rerank }) => {
    const options = { k, [parameter]: setting, ...(rerank > 0 && { rerank }) };
    return { now: (rows) => index.searchSync(rows, options), awaited: (rows) => index.search(rows, options) };
  };
}

async function measure({ now, awaited }: Searches, mode: string, k: number): Promise<Times> {
  const found = new Int32Array(count * k);
  const seconds: number[] = [];
  const keep = ({ labels }: Found, begin: number, from: number): void => {
    seconds.push((performance.now() - begin) / 1000);
    for (let i = 0; i < labels.length; i++) found[from + i] = Number(labels[i]);
  };
  const before = process.cpuUsage();
  if (mode === 'batch') {
    const begin = performance.now();
    keep(await awaited(queries), begin, 0);
  } else {
    for (const [i, query] of single.entries()) {
      const begin = performance.now();
      keep(mode === 'single' ? now(query) : await awaited(query), begin, i * k);
    }
  }
  const { user, system } = process.cpuUsage(before);
  writeFileSync(request.labels, found);
  return { seconds, cpu: (user + system) / 1e6 };
}

let searchWith: ((settings: Settings) => Searches) | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, k, setting, threads, rerank] = line.split(' ') as [string, ...string[]];
  let times: Times = { seconds: [], cpu: 0 };
  if (command === 'open') {
    const begin = performance.now();
    searchWith = await open(request);
    times.seconds = [(performance.now() - begin) / 1000];
  } else if (command !== 'hello') {
    const settings = { k: Number(k), setting: Number(setting), threads: Number(threads), rerank: Number(rerank) };
    addon().configure(settings.threads, process.env['UNIVAR_SIMD'] ?? '');
    times = await measure(searchWith!(settings), command, settings.k);
  }
  process.stdout.write(`${JSON.stringify(times)}\n`);
}
