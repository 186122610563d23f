/**
 * Makes a dataset of any size from the vectors of real answers. The first rows are real. Each of the others is
 * between a real row and two of its near neighbours, so that the distribution stays that of answers. Recall and latency
 * on this data hold for data of this kind and size. The data says nothing about values.
 */

import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import { similarityTopK } from '../../src/native/top-k.js';
import type { QaRecord } from '../../src/records/record.js';
import { seededRandom } from '../../test/support/random.js';

const SHARD_ROWS = 16_384;
const NEIGHBOURS = 10;
/** Maximum distance of a made row from its real row, as a share of the distance to each of two neighbours. */
const LARGEST_STEP = 0.7;
/** A dataset has answers, but only their vectors are searched. */
const RECORD = { qid: 'q', question: '', answer: 'a', model: 'm', lang: 'eng' };

/**
 * Writes `rows` rows to a dataset folder, and resumes an interrupted run.
 *
 * @param real [any, dim], rows of length 1
 * @param records answers of the real rows, for searches with filters. @default the same for all
 */
export async function writeEnlarged(
  dir: string,
  real: Float32Array,
  dim: number,
  rows: number,
  records: readonly QaRecord[] = [RECORD],
): Promise<void> {
  const count = real.length / dim;
  const neighbours = rows > count ? await nearestRows(real, dim) : new Int32Array();
  const writer = await DatasetWriter.open(dir, {
    encoder: { name: 'enlarged', fingerprint: `enlarged-${count}-${dim}`, dim },
  });
  try {
    for (let first = writer.rows; first < rows; first += SHARD_ROWS) {
      const size = Math.min(SHARD_ROWS, rows - first);
      const random = seededRandom(first);
      const batch = new Float32Array(size * dim);
      for (let i = 0; i < size; i++) {
        const row = first + i;
        const source = row % count;
        const out = batch.subarray(i * dim, (i + 1) * dim);
        out.set(real.subarray(source * dim, (source + 1) * dim));
        if (row >= count)
          move(out, real, neighbours.subarray(source * (NEIGHBOURS + 1), (source + 1) * (NEIGHBOURS + 1)), random);
      }
      await writer.append(
        Array.from({ length: size }, (_, i) => records[((first + i) % count) % records.length]!),
        batch,
      );
    }
    await writer.finish({});
  } finally {
    await writer.close();
  }
}

async function nearestRows(real: Float32Array, dim: number): Promise<Int32Array> {
  const { labels } = await similarityTopK({ queries: real, base: real, dim, k: NEIGHBOURS + 1, metric: 'ip' });
  return labels;
}

function move(out: Float32Array, real: Float32Array, neighbours: Int32Array, random: () => number): void {
  const dim = out.length;
  const from = out.slice();
  for (let step = 0; step < 2; step++) {
    const to = neighbours[1 + Math.floor(random() * NEIGHBOURS)]! * dim;
    const part = LARGEST_STEP * random();
    for (let j = 0; j < dim; j++) out[j]! += part * (real[to + j]! - from[j]!);
  }
  const length = Math.sqrt(out.reduce((sum, entry) => sum + entry * entry, 0));
  for (let j = 0; j < dim; j++) out[j]! /= length;
}
