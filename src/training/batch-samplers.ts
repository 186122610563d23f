import { EngineError } from '../core/errors.js';
import type { SeededRandom } from '../core/random.js';
import type { TrainingSet } from './training-set.js';

export const BATCH_SAMPLERS = ['mixed', 'one-source', 'same-questions'] as const;

/**
 * Ways to choose the pairs of a batch, which decide what distinguishes positives from negatives. Each source asks its
 * own questions, so in a batch from several sources the topic alone reveals many positives.
 *
 * - `'mixed'`: arbitrary rows, as in the paper; views from all answers of a value id.
 * - `'one-source'`: the rows of a batch, and their views, are from one source.
 * - `'same-questions'`: the rows of a batch are answers of several value ids to the same few questions of one source.
 *   The views are drawn from these rows, so that all value ids have the same topics.
 *
 * @useDeclaredType
 */
export type BatchSamplerName = (typeof BATCH_SAMPLERS)[number];

export interface BatchSampler {
  /** Draws the batches of one pass over the rows. Each row stands for a pair of its value id. */
  epoch(random: SeededRandom): Int32Array[];
  /** Returns the rows from which the views of a pair are drawn; at least two. */
  pool(row: number, batch: Int32Array): Int32Array;
}

type Columns = Pick<TrainingSet, 'labels' | 'sources' | 'qids' | 'sourceNames'>;

/**
 * Creates a sampler.
 *
 * @param rows training rows of the set
 * @throws EngineError `ERR_ARG_RANGE` if the rows do not fill a batch
 */
export function createBatchSampler(
  name: BatchSamplerName,
  set: Columns,
  rows: Int32Array,
  batchSize: number,
): BatchSampler {
  switch (name) {
    case 'mixed':
      return mixed(set, rows, batchSize);
    case 'one-source':
      return oneSource(set, rows, batchSize);
    case 'same-questions':
      return sameQuestions(set, rows, batchSize);
  }
}

function mixed({ labels }: Columns, rows: Int32Array, batchSize: number): BatchSampler {
  const pools = groupRows(rows, (row) => labels[row]!);
  // A value id can have lost all answers but one to the validation.
  const usable = rows.filter((row) => pools.get(labels[row]!)!.length > 1);
  if (usable.length < batchSize) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${usable.length}, the number of usable training answers, for "batchSize", got ${batchSize}`,
    );
  }
  return {
    // The last, partial batch is dropped.
    epoch: (random) => cut(random.shuffle(usable.slice()), batchSize).filter((batch) => batch.length === batchSize),
    pool: (row) => pools.get(labels[row]!)!,
  };
}

function oneSource({ labels, sources, sourceNames }: Columns, rows: Int32Array, batchSize: number): BatchSampler {
  const key = (row: number): number => labels[row]! * sourceNames.length + sources[row]!;
  const pools = groupRows(rows, key);
  // A value id with a single answer in a source cannot form a pair there.
  const bySource = groupRows(
    rows.filter((row) => pools.get(key(row))!.length > 1),
    (row) => sources[row]!,
  );
  const parts = [...bySource.values()].filter((part) => new Set(part.map((row) => labels[row]!)).size > 1);
  if (parts.length === 0)
    throw new EngineError(
      'ERR_ARG_RANGE',
      'Expected a source in which two value ids have at least two answers each, which the one-source sampler needs',
    );
  return {
    epoch: (random) =>
      random.shuffle(
        parts.flatMap((part) => {
          const batches = cut(random.shuffle(part.slice()), batchSize);
          return batches.length === 1 ? batches : batches.filter((batch) => batch.length === batchSize);
        }),
      ),
    pool: (row) => pools.get(key(row))!,
  };
}

/** With fewer questions, a value id has few different pairs; with more, a batch has room for few value ids. */
const MIN_QUESTIONS = 4;

function sameQuestions({ labels, sources, qids }: Columns, rows: Int32Array, batchSize: number): BatchSampler {
  const questionsOf = [...groupRows(rows, (row) => sources[row]!).values()].map((part) => [
    ...groupRows(part, (row) => qids[row]!).values(),
  ]);
  const batchesOf = (questions: Int32Array[], random: SeededRandom): Int32Array[] => {
    const order = random.shuffle(questions.slice());
    const batches: Int32Array[] = [];
    for (let next = 0; next < order.length; ) {
      const begin = next;
      let count = 0;
      while (next < order.length && (count < batchSize || next - begin < MIN_QUESTIONS)) count += order[next++]!.length;
      batches.push(
        keepValueIds(
          order.slice(begin, next).flatMap((question) => [...question]),
          labels,
          batchSize,
          random,
        ),
      );
    }
    return batches.filter((batch) => new Set(batch.map((row) => labels[row]!)).size > 1);
  };
  return {
    epoch: (random) => {
      const batches = random.shuffle(questionsOf.flatMap((questions) => batchesOf(questions, random)));
      if (batches.length === 0) {
        throw new EngineError(
          'ERR_ARG_RANGE',
          'Expected questions that several value ids have answered, which the same-questions sampler needs',
        );
      }
      return batches;
    },
    pool: (row, batch) => batch.filter((other) => labels[other] === labels[row]),
  };
}

/** Keeps randomly chosen value ids with all their rows until the batch is full. Drops those with only one row. */
function keepValueIds(
  rows: readonly number[],
  labels: Int32Array,
  batchSize: number,
  random: SeededRandom,
): Int32Array {
  const byLabel = groupRows(Int32Array.from(rows), (row) => labels[row]!);
  const kept: number[] = [];
  for (const part of random.shuffle([...byLabel.values()])) {
    if (part.length > 1 && kept.length + part.length <= batchSize) kept.push(...part);
  }
  return Int32Array.from(kept);
}

function cut(rows: Int32Array, size: number): Int32Array[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.subarray(i * size, (i + 1) * size));
}

function groupRows<K>(rows: Int32Array, keyOf: (row: number) => K): Map<K, Int32Array> {
  const lists = new Map<K, number[]>();
  for (const row of rows) {
    const list = lists.get(keyOf(row));
    if (list) list.push(row);
    else lists.set(keyOf(row), [row]);
  }
  return new Map([...lists].map(([key, list]) => [key, Int32Array.from(list)]));
}
