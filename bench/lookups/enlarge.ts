/**
 * Makes a dataset of any size from the embeddings of real answers. The first rows are real. Each of the others is
 * between a real row and two of its near neighbours, so that the distribution stays that of answers. Recall and latency
 * on this data hold for data of this kind and size. The data says nothing about values.
 */

import { openDataset } from '../../src/datasets/dataset.js';
import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import { similarityTopK } from '../../src/native/top-k.js';
import type { QaRecord } from '../../src/records/record.js';
import { seededRandom } from '../../test/support/random.js';

const SHARD_ROWS = 16_384;
const NEIGHBOURS = 10;
/** Maximum distance of a made row from its real row, as a share of the distance to each of two neighbours. */
const LARGEST_STEP = 0.7;
const ANSWER_CHARACTERS = 80;

export interface RealAnswers {
  dim: number;
  /** [records.length, dim], rows of length 1 */
  embeddings: Float32Array;
  records: QaRecord[];
}

/** Reads the answers of a dataset. For several datasets of the same answers, concatenates their embeddings. */
export async function readReal(folders: readonly string[]): Promise<RealAnswers> {
  const datasets = await Promise.all(folders.map((folder) => openDataset(folder)));
  const [first] = datasets;
  if (!first || datasets.some(({ rows }) => rows !== first.rows))
    throw new Error('Expected one dataset, or several datasets of the same answers');
  const parts = await Promise.all(datasets.map((dataset) => dataset.readEmbeddings()));
  const dim = datasets.reduce((sum, dataset) => sum + dataset.dim, 0);
  const embeddings = new Float32Array(first.rows * dim);
  const scale = 1 / Math.sqrt(parts.length);
  let column = 0;
  for (const [i, part] of parts.entries()) {
    const width = datasets[i]!.dim;
    for (let row = 0; row < first.rows; row++) {
      for (let j = 0; j < width; j++) embeddings[row * dim + column + j] = scale * part[row * width + j]!;
    }
    column += width;
  }
  return { dim, embeddings, records: await first.readRecords() };
}

/** Writes `rows` answers to a dataset folder, and resumes an interrupted run. */
export async function writeEnlarged(dir: string, real: RealAnswers, rows: number): Promise<void> {
  const { dim, embeddings, records } = real;
  const count = records.length;
  const near = { queries: embeddings, base: embeddings, dim, k: NEIGHBOURS + 1, metric: 'ip' } as const;
  const { labels: indices } = rows > count ? await similarityTopK(near) : { labels: new Int32Array() };
  const writer = await DatasetWriter.open(dir, {
    encoder: { name: 'enlarged', fingerprint: `enlarged-${count}-${dim}`, dim },
  });
  try {
    for (let first = writer.rows; first < rows; first += SHARD_ROWS) {
      const size = Math.min(SHARD_ROWS, rows - first);
      const random = seededRandom(first);
      const batch = new Float32Array(size * dim);
      const lines: QaRecord[] = [];
      for (let i = 0; i < size; i++) {
        const row = first + i;
        const source = row % count;
        const out = batch.subarray(i * dim, (i + 1) * dim);
        out.set(embeddings.subarray(source * dim, (source + 1) * dim));
        if (row >= count) {
          move(out, embeddings, indices.subarray(source * (NEIGHBOURS + 1), (source + 1) * (NEIGHBOURS + 1)), random);
        }
        const { answer, ...record } = records[source]!;
        lines.push({ ...record, answer: answer.slice(0, ANSWER_CHARACTERS) });
      }
      await writer.append(lines, batch);
    }
    await writer.finish({});
  } finally {
    await writer.close();
  }
}

function move(out: Float32Array, embeddings: Float32Array, neighbours: Int32Array, random: () => number): void {
  const dim = out.length;
  const from = out.slice();
  for (let step = 0; step < 2; step++) {
    const to = neighbours[1 + Math.floor(random() * NEIGHBOURS)]! * dim;
    const part = LARGEST_STEP * random();
    for (let j = 0; j < dim; j++) out[j]! += part * (embeddings[to + j]! - from[j]!);
  }
  const length = Math.sqrt(out.reduce((sum, entry) => sum + entry * entry, 0));
  for (let j = 0; j < dim; j++) out[j]! /= length;
}
