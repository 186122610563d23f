/** The engines that are compared, each with the same vectors and as many links. */
import { Client } from 'pg';

import { PgVectorIndex, type VectorBatch } from '../../../src/pgvector.js';
import { rowFilter } from '../../../src/search/filters/row-filter.js';
import { matchValueIds, type ValueFilter } from '../../../src/search/filters/value-filter.js';
import { VectorIndex } from '../../../src/search/vector-index.js';
import { PostgresServer } from '../../../test/support/postgres-server.js';
import { type CurvePoint, measurePoint, type Questions, type Search } from './measure.js';

export interface Engine {
  name: string;
  loadSeconds: number;
  /** CPU time of loading. */
  loadCpuSeconds: number;
  /** CPU time so far of all processes. */
  cpuSeconds: () => number;
  bytes: number;
  search(filter: ValueFilter | undefined): Search;
  /** Measures other ways to ask the servers. */
  measureAlternatives?(questions: Questions): Promise<Record<string, CurvePoint>>;
  close(): Promise<void>;
}

export interface LoadedRows {
  vectors: Float32Array;
  valueIds: readonly string[];
  dim: number;
}

const K = 50;
const BATCH_ROWS = 8192;
const TABLE = 'measured';
/** Enough for a graph of a million vectors on one server, and both cores for its building. */
const SETTINGS =
  'shared_buffers = 2GB\nmaintenance_work_mem = 3GB\nmax_parallel_maintenance_workers = 1\n' +
  'max_wal_size = 16GB\nsynchronous_commit = off\njit = off\n';
const ALTERNATIVE_CANDIDATES = 200;

export async function openVectorIndex({ vectors, valueIds, dim }: LoadedRows, factory: string): Promise<Engine> {
  const cpuBefore = ownCpuSeconds();
  const start = performance.now();
  const index = await VectorIndex.create({ dim, metric: 'l2', factory });
  await index.reserve(valueIds.length);
  await index.add(vectors);
  const loadSeconds = (performance.now() - start) / 1000;
  return {
    name: `VectorIndex ${factory}`,
    loadSeconds,
    loadCpuSeconds: ownCpuSeconds() - cpuBefore,
    cpuSeconds: ownCpuSeconds,
    bytes: index.bytes,
    search: (filter) => {
      const names = [...new Set(valueIds)];
      const matching = new Set(filter && names.filter((_, i) => matchValueIds(filter, names)[i]));
      const bits = filter && rowFilter(valueIds.length, (row) => matching.has(valueIds[row]!));
      return async (queries, efSearch) =>
        (await index.search(queries, { k: K, efSearch, ...(bits && { filter: bits }) })).labels;
    },
    close: () => index.dispose(),
  };
}

export async function openPostgres(rows: LoadedRows, factory: string, count: number): Promise<Engine> {
  const servers: PostgresServer[] = [];
  for (let i = 0; i < count; i++) servers.push(await PostgresServer.start(SETTINGS));
  const cpuSeconds = (): number => servers.reduce((sum, server) => sum + server.cpuSeconds, ownCpuSeconds());
  const cpuBefore = cpuSeconds();
  const [own, ...others] = servers as [PostgresServer, ...PostgresServer[]];
  const start = performance.now();
  const place = { url: own.url(), table: TABLE, dim: rows.dim, metric: 'l2', factory } as const;
  const index = await PgVectorIndex.create({ ...place, shards: others.map((server) => server.url()) }, batchesOf(rows));
  const loadSeconds = (performance.now() - start) / 1000;
  const loadCpuSeconds = cpuSeconds() - cpuBefore;
  let bytes = 0;
  for (const [i, server] of servers.entries()) {
    const name = count === 1 ? TABLE : `${TABLE}_${i}`;
    const [size] = await server.query(`SELECT pg_total_relation_size('${name}')::float8 AS bytes`);
    bytes += size!['bytes'] as number;
  }
  return {
    name: count === 1 ? `PostgreSQL ${factory}` : `PostgreSQL ${factory}, ${count} servers`,
    loadSeconds,
    loadCpuSeconds,
    cpuSeconds,
    bytes,
    search: (filter) => async (queries, efSearch) =>
      (await index.search(queries, { k: K, efSearch, ...(filter && { filter }) })).labels,
    ...(count > 1 && { measureAlternatives: (questions) => askCoordinator(own, count, questions) }),
    close: async () => {
      await index.dispose();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** Asks only the coordinator, with a fixed number of candidates: over the partitioned table, and over each part. */
async function askCoordinator(
  server: PostgresServer,
  parts: number,
  questions: Questions,
): Promise<Record<string, CurvePoint>> {
  const set = `hnsw.ef_search=${ALTERNATIVE_CANDIDATES} -c hnsw.iterative_scan=strict_order`;
  for (let part = 1; part < parts; part++)
    await server.query(`ALTER SERVER ${TABLE}_${part} OPTIONS (SET options '-c ${set}')`);
  const client = new Client({ connectionString: server.url({ options: `-c ${set}` }) });
  await client.connect();
  const near = (table: string): string =>
    `(SELECT label, embedding <-> $1::vector AS distance FROM ${table} WHERE embedding IS NOT NULL ` +
    `ORDER BY embedding <-> $1::vector LIMIT ${K})`;
  const union = Array.from({ length: parts }, (_, part) => near(`${TABLE}_${part}`)).join(' UNION ALL ');
  const texts = { 'partitioned table': near(TABLE), 'union of parts': `${union} ORDER BY distance LIMIT ${K}` };
  const results: Record<string, CurvePoint> = {};
  try {
    for (const [name, text] of Object.entries(texts)) {
      const search: Search = async (queries) => {
        const labels: number[] = [];
        for (let begin = 0; begin < queries.length; begin += questions.dim) {
          const vector = `[${queries.subarray(begin, begin + questions.dim).join(',')}]`;
          const { rows } = await client.query<{ label: number }>({ name, text, values: [vector] });
          labels.push(...rows.map(({ label }) => label));
        }
        return Int32Array.from(labels);
      };
      await search(questions.queries, ALTERNATIVE_CANDIDATES);
      results[name] = await measurePoint(search, questions, ALTERNATIVE_CANDIDATES);
    }
  } finally {
    await client.end();
  }
  return results;
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function* batchesOf({ vectors, valueIds, dim }: LoadedRows): Generator<VectorBatch> {
  for (let begin = 0; begin < valueIds.length; begin += BATCH_ROWS) {
    const end = Math.min(begin + BATCH_ROWS, valueIds.length);
    yield { vectors: vectors.subarray(begin * dim, end * dim), valueIds: valueIds.slice(begin, end) };
  }
}
