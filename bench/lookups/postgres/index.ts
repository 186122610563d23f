/**
 * Measures an index in PostgreSQL, on one server and spread over two, beside `VectorIndex` on the same vectors:
 * loading, size, and for each number of candidates recall, latency of single queries and queries per second; without a
 * filter, with the language that about a tenth of the rows have, and with the model that about a hundredth of them
 * have.
 *
 *   npx tsx bench/lookups/postgres/index.ts --dataset values/ --rows 100000 --engines VectorIndex,1,2
 *
 * The answers are shuffled. The last ones are the queries and are not in the index. If there are fewer answers than
 * rows, rows are added between answers (`../enlarge.ts`). The servers are started for this, on this machine, so two
 * servers share its cores. Results are written after every curve; an engine that is measured again replaces its
 * results.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine, type Machine } from '../../../packages/bench-gate/src/report/results-file.js';
import { openDataset } from '../../../src/datasets/dataset.js';
import { capabilities } from '../../../src/native/capabilities.js';
import type { QaRecord } from '../../../src/records/record.js';
import { seededRandom } from '../../../test/support/random.js';
import { environmentOf } from '../../support/engine.js';
import { writeEnlarged } from '../enlarge.js';
import { chooseFilters, type FilterCase } from './filters.js';
import { type CurvePoint, measureCurve, millisecondsAt } from './measure.js';
import { type Engine, openPostgres, openVectorIndex } from './open-engine.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const K = 50;
const RECALLS = [0.95, 0.98, 0.99];

interface EngineResult {
  engine: string;
  rows: number;
  realRows: number;
  /** Number of queries. */
  queries: number;
  loadSeconds: number;
  /** CPU time of loading. */
  loadCpuSeconds: number;
  bytes: number;
  curves: { filter: string; share: number; points: CurvePoint[] }[];
  /** Other ways to ask the servers: see `open-engine.ts`. */
  alternatives?: Record<string, CurvePoint>;
}

interface ResultFile {
  command: string;
  machine: Machine;
  dim: number;
  k: number;
  results: EngineResult[];
}

const { values } = parseArgs({
  options: {
    dataset: { type: 'string' },
    rows: { type: 'string', default: '100000' },
    factory: { type: 'string', default: 'HNSW32' },
    queries: { type: 'string', default: '500' },
    engines: { type: 'string', default: 'VectorIndex,1,2' },
    work: { type: 'string', default: join(tmpdir(), 'univar-lookups-postgres') },
    results: { type: 'string', default: join(ROOT, 'bench', 'results') },
  },
});
if (values.dataset === undefined) throw new Error('Expected --dataset FOLDER, written by univar embed');

interface RealAnswers {
  dim: number;
  /** [records.length, dim], rows of length 1 */
  embeddings: Float32Array;
  records: QaRecord[];
}

/** Mixes the sources of the answers, in the same way every time. */
function shuffled({ dim, embeddings, records }: RealAnswers): RealAnswers {
  const random = seededRandom(1);
  const order = records.map((_, row) => ({ row, key: random() })).sort((a, b) => a.key - b.key);
  const mixed = new Float32Array(embeddings.length);
  for (const [i, { row }] of order.entries()) mixed.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  return { dim, embeddings: mixed, records: order.map(({ row }) => records[row]!) };
}

const rows = Number(values.rows);
const source = await openDataset(values.dataset);
const real = shuffled({
  dim: source.dim,
  embeddings: await source.readEmbeddings(),
  records: await source.readRecords(),
});
const { dim } = real;
const count = Number(values.queries);
const realRows = Math.min(real.records.length - count, rows);
const queries = real.embeddings.slice((real.records.length - count) * dim);
const dir = join(values.work, `${rows}x${dim}`);
if (!existsSync(join(dir, 'manifest.json'))) {
  mkdirSync(values.work, { recursive: true });
  await writeEnlarged(dir, real.embeddings.slice(0, realRows * dim), dim, rows, real.records.slice(0, realRows));
}
const dataset = await openDataset(dir);
const vectors = await dataset.readEmbeddings();
const { names, labels } = await dataset.readValueIds();
const valueIds = Array.from(labels, (label) => names[label]!);
const cases: FilterCase[] = await chooseFilters({ vectors, valueIds, queries, dim, k: K });

const machine = await describeMachine(ROOT, environmentOf(capabilities()));
const path = join(values.results, `lookups-postgres-${dim}-${machine.variant}.json`);
const fresh: ResultFile = {
  command: 'npx tsx bench/lookups/postgres/index.ts --dataset ALL --rows N --engines VectorIndex,1,2',
  machine,
  dim,
  k: K,
  results: [],
};
const file = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ResultFile) : fresh;

/** Replaces earlier results of the same engine and rows. */
function store(result: EngineResult): void {
  file.results = file.results.filter((one) => one.engine !== result.engine || one.rows !== rows);
  file.results.push(result);
  file.machine = machine;
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
}

for (const name of values.engines.split(',')) {
  const engine: Engine = await (name === 'VectorIndex'
    ? openVectorIndex({ vectors, valueIds, dim }, values.factory)
    : openPostgres({ vectors, valueIds, dim }, values.factory, Number(name)));
  const result: EngineResult = {
    engine: engine.name,
    rows,
    realRows,
    queries: count,
    loadSeconds: engine.loadSeconds,
    loadCpuSeconds: engine.loadCpuSeconds,
    bytes: engine.bytes,
    curves: [],
  };
  process.stdout.write(
    `${engine.name}, ${rows} rows: loaded in ${engine.loadSeconds.toFixed(0)} s ` +
      `(CPU ${engine.loadCpuSeconds.toFixed(0)} s), ${(engine.bytes / rows).toFixed(0)} bytes a row\n`,
  );
  const { cpuSeconds } = engine;
  try {
    for (const { filter, share, truth, name: title } of cases) {
      const points = await measureCurve(engine.search(filter), { queries, dim, k: K, truth, cpuSeconds });
      result.curves.push({ filter: title, share, points });
      const at = RECALLS.map((recall) => `${recall}: ${millisecondsAt(points, recall)?.toFixed(2) ?? '-'} ms`);
      process.stdout.write(`  ${title} (${(100 * share).toFixed(1)} %): ${at.join(', ')}\n`);
      for (const { efSearch, recall, p50Ms, p99Ms, queriesPerSecond, cpuMs } of points)
        process.stdout.write(
          `    ${efSearch}: recall ${recall.toFixed(4)}, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
            `${queriesPerSecond.toFixed(0)} queries/s, ${cpuMs.toFixed(2)} ms CPU\n`,
        );
      store(result);
    }
    if (engine.measureAlternatives) {
      result.alternatives = await engine.measureAlternatives({
        queries,
        dim,
        k: K,
        truth: cases[0]!.truth,
        cpuSeconds,
      });
      store(result);
      process.stdout.write(`  ${JSON.stringify(result.alternatives)}\n`);
    }
  } finally {
    await engine.close();
  }
}
