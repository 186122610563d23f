/**
 * Which pairs meet in a batch, and so what tells a positive from the negatives. Answers come from sources that each ask
 * their own questions: in a batch from several sources the topic alone gives many positives away.
 *
 * - `mixed`: any rows, as in the paper; views from all answers of a value id.
 * - `one-source`: the rows of a batch, and their views, are from one source.
 * - `same-questions`: the rows of a batch are answers of several value ids to the same few questions of one source, and
 *   the views are drawn from these rows, so that the topics of all value ids are the same.
 */
import { EngineError } from '../core/errors.js';
import type { SeededRandom } from '../core/random.js';
import type { TrainingSet } from './training-set.js';

export const BATCH_SAMPLERS = ['mixed', 'one-source', 'same-questions'] as const;
export type BatchSamplerName = (typeof BATCH_SAMPLERS)[number];

export interface BatchSampler {
  /** The batches of one pass over the rows: one row per pair, whose value id the pair has. */
  epoch(random: SeededRandom): Int32Array[];
  /** Rows that the views of a pair are drawn from; at least two. */
  pool(row: number, batch: Int32Array): Int32Array;
}

type Columns = Pick<TrainingSet, 'labels' | 'sources' | 'qids' | 'sourceNames'>;

/**
 * @param rows of the set that are trained on
 * @throws EngineError `ERR_ARG_RANGE` when the rows do not fill a batch
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
  // A value id may have lost all answers but one to the validation.
  const usable = rows.filter((row) => pools.get(labels[row]!)!.length > 1);
  if (usable.length < batchSize) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${usable.length} pairs, the answers to train on, for "batchSize", got ${batchSize}`,
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
  // A value id may have a single answer in one of its sources: no pair can be made of it there.
  const bySource = groupRows(
    rows.filter((row) => pools.get(key(row))!.length > 1),
    (row) => sources[row]!,
  );
  const parts = [...bySource.values()].filter((part) => new Set(part.map((row) => labels[row]!)).size > 1);
  if (parts.length === 0)
    throw new EngineError(
      'ERR_ARG_RANGE',
      'Expected a source with two value ids of two answers each, which batches of one source need',
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

/** Fewer questions make few different pairs of a value id; more leave room for few value ids. */
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
          'Expected questions that several value ids answered, which batches of the same questions need',
        );
      }
      return batches;
    },
    pool: (row, batch) => batch.filter((other) => labels[other] === labels[row]),
  };
}

/** Whole value ids at random until the batch is full; those with a single row make no pair. */
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
