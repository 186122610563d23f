/**
 * Measures lookups in a million answers. Builds every kind of index over a dataset with `univar index`, opens its file
 * as a memory map, and measures recall against exact search, latency of single queries and queries per second. The
 * peers are plain libfaiss on the same file and npm `usearch` (if it is installed: `npm install --no-save usearch`).
 *
 *   npm run bench:lookups -- --dataset values/ --rows 1000000
 *
 * The embeddings of two datasets of the same answers (`--dataset a --dataset b`) are concatenated, for rows twice as
 * wide. The last answers are the queries and are not in the index. Results are written after every kind, and the same
 * command resumes after them. `--again` repeats the searches of existing files.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine } from '../../src/benchmarking/results-file.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { capabilities } from '../../src/native/capabilities.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { environmentOf } from '../support/engine.js';
import { residentBytes } from '../support/process-memory.js';
import { readReal, writeEnlarged } from './enlarge.js';
import { EF_CONSTRUCTION, KINDS, type Kind } from './kinds.js';
import { drawLookups } from './plot.js';
import type { LookupFile, LookupResult, SearchReport, SearchRequest } from './report.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const K = 50;

interface Built {
  seconds: number;
  peakBytes: number;
}

const { values } = parseArgs({
  options: {
    dataset: { type: 'string', multiple: true },
    rows: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: '1000' },
    kinds: { type: 'string', default: '' },
    work: { type: 'string', default: join(tmpdir(), 'univar-lookups') },
    again: { type: 'boolean', default: false },
    results: { type: 'string', default: join(ROOT, 'bench', 'results') },
  },
});
if (values.dataset === undefined) throw new Error('Expected --dataset FOLDER, written by univar embed');

const rows = Number(values.rows);
const real = await readReal(values.dataset);
const { dim } = real;
const queryCount = Math.min(Number(values.queries), Math.floor(real.records.length / 10));
const realRows = Math.min(real.records.length - queryCount, rows);
const dir = join(values.work, `${rows}x${dim}`);
mkdirSync(dir, { recursive: true });
const [dataset, queryFile, truthFile] = ['values', 'queries.f32', 'truth.i32'].map((name) => join(dir, name)) as [
  string,
  string,
  string,
];

if (!existsSync(truthFile)) {
  const base = { dim, embeddings: real.embeddings.slice(0, realRows * dim), records: real.records.slice(0, realRows) };
  const queries = real.embeddings.slice((real.records.length - queryCount) * dim);
  if (!existsSync(join(dataset, 'manifest.json'))) await writeEnlarged(dataset, base, rows);
  writeFileSync(queryFile, new Uint8Array(queries.buffer));
  const all = await (await openDataset(dataset)).readEmbeddings();
  const { labels: indices } = await similarityTopK({
    queries,
    base: all,
    dim,
    k: K,
    metric: 'ip',
  });
  writeFileSync(truthFile, new Uint8Array(indices.buffer));
  process.stderr.write(`made ${rows} x ${dim} vectors from ${realRows} real answers\n`);
}

/** Runs a program and returns its time and its peak resident memory. */
async function watch(args: string[]): Promise<Built> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid!, 'VmHWM'));
  }, 100);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}`);
  return { seconds: (performance.now() - begin) / 1000, peakBytes };
}

async function build(kind: Kind, path: string): Promise<Built> {
  if (kind.engine === 'usearch') {
    return watch([
      '--import',
      'tsx',
      join(ROOT, 'bench', 'lookups', 'build-child.ts'),
      dataset,
      path,
      kind.factory,
      String(cpus().length),
    ]);
  }
  const graph = kind.parameter === 'efSearch' ? ['--ef-construction', String(EF_CONSTRUCTION)] : [];
  const built = await watch([
    MAIN,
    'index',
    dataset,
    '--factory',
    kind.factory,
    '--metric',
    kind.metric ?? 'ip',
    ...graph,
    '--json',
  ]);
  renameSync(join(dataset, 'index.faiss'), path);
  return built;
}

function search(kind: Kind, path: string): SearchReport {
  const { engine, parameter, settings, mapped, rerank, factory } = kind;
  const request: SearchRequest = {
    engine,
    path,
    dim,
    k: K,
    queries: queryFile,
    truth: truthFile,
    settings,
    parameter,
    mapped,
    rerank,
    quantization: factory,
  };
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'bench', 'lookups', 'search-child.ts'), JSON.stringify(request)],
    {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (status !== 0) throw new Error(`The search of ${kind.name} ended with ${String(status)}`);
  return JSON.parse(stdout) as SearchReport;
}

const machine = await describeMachine(ROOT, environmentOf(capabilities()));
const resultsPath = join(values.results, `lookups-${dim}-${machine.variant}.json`);
const fresh: LookupFile = {
  command: `npm run bench:lookups -- ${process.argv.slice(2).join(' ')}`,
  machine,
  rows,
  realRows,
  dim,
  queries: queryCount,
  k: K,
  results: [],
};
const earlier = existsSync(resultsPath) ? (JSON.parse(readFileSync(resultsPath, 'utf8')) as LookupFile) : fresh;
const file = earlier.rows === rows && earlier.machine.cpu === machine.cpu ? earlier : fresh;

for (const kind of KINDS) {
  const wanted = values.kinds === '' || values.kinds.split(';').includes(kind.name);
  const place = file.results.findIndex(({ name }) => name === kind.name);
  if (!wanted || (place >= 0 && !values.again)) continue;
  const path = join(dir, `${(kind.fileOf ?? kind.name).replaceAll(/[^A-Za-z0-9]+/g, '-')}.index`);
  // The cost of building is stored beside the file, which later runs only search.
  if (!existsSync(path)) {
    if (kind.fileOf !== undefined) continue;
    writeFileSync(`${path}.json`, JSON.stringify(await build(kind, `${path}.partial`)));
    renameSync(`${path}.partial`, path);
  }
  const built = kind.fileOf === undefined ? (JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Built) : undefined;
  const report = search(kind, path);
  const result: LookupResult = {
    name: kind.name,
    engine: kind.engine,
    commit: machine.commit,
    buildSeconds: built?.seconds ?? null,
    buildPeakBytes: built?.peakBytes ?? null,
    fileBytes: statSync(path).size,
    ...report,
  };
  if (place >= 0) file.results[place] = result;
  else file.results.push(result);
  writeFileSync(resultsPath, `${JSON.stringify(file, null, 2)}\n`);
  const best = report.points.find(({ recall }) => recall >= 0.99) ?? report.points.at(-1)!;
  process.stdout.write(
    `${kind.name}: built in ${built ? built.seconds.toFixed(0) : '-'} s ` +
      `with ${built ? (built.peakBytes / 2 ** 30).toFixed(2) : '-'} GiB, ` +
      `opened in ${report.openSeconds.toFixed(2)} s; ` +
      `at ${best.setting} recall ${best.recall.toFixed(4)}, p50 ${best.p50Ms.toFixed(2)} ms, ` +
      `p99 ${best.p99Ms.toFixed(2)} ms, ${best.queriesPerSecond.toFixed(0)} queries/s\n`,
  );
}
writeFileSync(join(ROOT, 'docs', `lookups-${dim}.svg`), drawLookups(file));
rmSync(join(dataset, 'index.json'), { force: true });
