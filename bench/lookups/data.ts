/** The rows and queries of one run: files that all engines read, and exact results. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { SeededRandom } from '../../src/core/random.js';
import { openDataset } from '../../src/datasets/dataset.js';
import type { EmbeddingShards } from '../../src/datasets/embedding-shards.js';
import { openFit } from '../../src/datasets/fits/dataset-fit.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { gatherRows } from '../../src/search/gather-rows.js';
import { writeEnlarged } from './enlarge.js';

const SEED = 1;
const BATCH_ROWS = 16_384;

export interface DataOptions {
  folders: readonly string[];
  fitted: boolean;
  /** Rows to search; all answers but the queries if undefined. */
  rows: number | undefined;
  queries: number;
  /** Exact neighbours to find for each query. */
  k: number;
  work: string;
}

export interface LookupData {
  dim: number;
  rows: number;
  realRows: number;
  /** Folder of this data, for indexes. */
  dir: string;
  dataset: string;
  /** Raw float32 files. */
  baseFile: string;
  queryFile: string;
  /** [rows, dim] and [any, dim] */
  base: Float32Array;
  queries: Float32Array;
  /** Inner products of the exact nearest rows, [queries, k]. */
  nearest: Float32Array;
}

/**
 * Draws queries from the answers, and rows from the others: an index never holds a query. Several datasets of the same
 * answers give vectors side by side.
 */
export async function prepareData({ folders, fitted, rows, queries, k, work }: DataOptions): Promise<LookupData> {
  const sources = await Promise.all(folders.map((folder) => vectorsOf(folder, fitted)));
  const [first] = sources;
  if (!first || sources.some((source) => source.rows !== first.rows))
    throw new Error('Expected --dataset FOLDER, or several datasets of the same answers');
  const dim = sources.reduce((sum, source) => sum + source.dim, 0);
  const order = new SeededRandom(SEED).shuffle(Int32Array.from({ length: first.rows }, (_, row) => row));
  const queryCount = Math.min(queries, Math.floor(first.rows / 10));
  const wanted = rows ?? first.rows - queryCount;
  const realRows = Math.min(first.rows - queryCount, wanted);

  const origin = JSON.stringify([sources.map(({ embeddingsChecksum }) => embeddingsChecksum), queryCount]);
  const id = createHash('sha256').update(origin).digest('hex').slice(0, 8);
  const dir = join(work, `${dim}x${wanted}-${id}`);
  mkdirSync(dir, { recursive: true });
  const [dataset, baseFile, queryFile] = [join(dir, 'values'), join(dir, 'base.f32'), join(dir, 'queries.f32')];

  const all = await sideBySide(sources, dim);
  const queryRows = gatherRows(all, dim, order.subarray(0, queryCount));
  writeFileSync(queryFile, queryRows);
  if (!existsSync(join(dataset, 'manifest.json'))) {
    // In the order of the answers, as users add them.
    const real = gatherRows(all, dim, order.slice(queryCount, queryCount + realRows).sort());
    await writeEnlarged(dataset, real, dim, wanted);
  }
  const written = await openDataset(dataset);
  if (!existsSync(baseFile)) {
    const batches = Readable.from(written.embeddingBatches(BATCH_ROWS)).map(
      ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength),
    );
    await pipeline(batches, createWriteStream(`${baseFile}.partial`));
    renameSync(`${baseFile}.partial`, baseFile);
  }
  const base = await written.readEmbeddings();
  const { distances: nearest } = await similarityTopK({ queries: queryRows, base, dim, k, metric: 'ip' });
  return { dim, rows: wanted, realRows, dir, dataset, baseFile, queryFile, base, queries: queryRows, nearest };
}

async function vectorsOf(folder: string, fitted: boolean): Promise<EmbeddingShards> {
  if (!fitted) return openDataset(folder);
  const fit = await openFit(folder);
  if (fit === undefined || fit === 'stale') throw new Error(`${folder} has no fit of its answers: run univar fit`);
  return fit;
}

async function sideBySide(sources: readonly EmbeddingShards[], dim: number): Promise<Float32Array> {
  if (sources.length === 1) return sources[0]!.readEmbeddings();
  const { rows } = sources[0]!;
  const all = new Float32Array(rows * dim);
  const scale = 1 / Math.sqrt(sources.length);
  let column = 0;
  for (const source of sources) {
    const part = await source.readEmbeddings();
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < source.dim; j++) all[row * dim + column + j] = scale * part[row * source.dim + j]!;
    }
    column += source.dim;
  }
  return all;
}
