/**
 * Splits rows into training rows, which vote or train, and tested rows. Both methods leave every label with training
 * rows and depend only on the labels, the groups and the seed.
 */
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';

/** Whether rows are split at random, or so that no question has rows on both sides. */
export type SplitKind = 'row' | 'question';

/** Rows to train on and rows to test with. */
export interface Split {
  /** Ascending rows. */
  train: Int32Array;
  /** Ascending rows. */
  test: Int32Array;
}

/**
 * Draws a share of each label's rows for the test, at least one and never all. A question can then be on both sides,
 * with answers of different models or to different phrasings.
 *
 * @param labels label index of every row, each label with at least two rows
 * @throws EngineError `ERR_ARG_RANGE` if a label has a single row
 */
export function splitByRow(labels: Int32Array, names: readonly string[], testShare: number, seed: number): Split {
  const random = new SeededRandom(seed);
  const rowsOf: number[][] = names.map(() => []);
  labels.forEach((label, row) => rowsOf[label]!.push(row));
  const isTest = new Uint8Array(labels.length);
  rowsOf.forEach((rows, label) => {
    if (rows.length < 2) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `Expected at least two answers per label, got one of "${names[label]}"; leave out rare labels with minPerId`,
      );
    }
    const count = Math.min(Math.max(Math.round(rows.length * testShare), 1), rows.length - 1);
    for (const row of random.shuffle(rows).slice(0, count)) isTest[row] = 1;
  });
  return toSplit(isTest);
}

/**
 * Draws complete groups (questions) for the test until their share is reached. Skips a group if a label would be left
 * without training rows. A label that occurs in only one group is therefore never tested.
 *
 * @param groups group of every row: its question, or the theme of several questions
 * @throws EngineError `ERR_ARG_RANGE` if no group can be tested
 */
export function splitByQuestion(labels: Int32Array, groups: readonly string[], testShare: number, seed: number): Split {
  const rowsOf = new Map<string, number[]>();
  const left = new Map<number, number>();
  groups.forEach((group, row) => {
    const label = labels[row]!;
    left.set(label, (left.get(label) ?? 0) + 1);
    const rows = rowsOf.get(group);
    if (rows) rows.push(row);
    else rowsOf.set(group, [row]);
  });
  const wanted = Math.min(Math.max(Math.round(rowsOf.size * testShare), 1), rowsOf.size - 1);
  const isTest = new Uint8Array(labels.length);
  let taken = 0;
  // Sorts first, so that the order of the rows has no influence.
  for (const group of new SeededRandom(seed).shuffle([...rowsOf.keys()].sort())) {
    if (taken === wanted) break;
    const rows = rowsOf.get(group)!;
    const lost = new Map<number, number>();
    for (const row of rows) lost.set(labels[row]!, (lost.get(labels[row]!) ?? 0) + 1);
    if ([...lost].some(([label, count]) => left.get(label) === count)) continue;
    for (const [label, count] of lost) left.set(label, left.get(label)! - count);
    for (const row of rows) isTest[row] = 1;
    taken += 1;
  }
  if (taken === 0) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a question that can be held out, got none among ${rowsOf.size}: each is the only question of some ` +
        'label. Split by row, or leave out rare labels with minPerId',
    );
  }
  return toSplit(isTest);
}

function toSplit(isTest: Uint8Array): Split {
  const rows = Int32Array.from(isTest, (_, row) => row);
  return { train: rows.filter((row) => !isTest[row]), test: rows.filter((row) => isTest[row]) };
}
