/** First steps of every evaluation: check the rows, leave out rare labels, split into training and test rows. */
import { EngineError } from '../core/errors.js';
import { labelRows } from '../core/row-labels.js';
import {
  expectFiniteVectors,
  expectInRange,
  expectInt32Array,
  expectInteger,
  expectObject,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectStrings,
  fail,
} from '../core/validate.js';
import { type Split, type SplitKind, splitByQuestion, splitByRow } from './splits.js';

/** Labels and questions of rows. */
export interface LabelledRows {
  /** Label to predict for every row: a value id `model$lang`, a model, or a language. */
  labels: readonly string[];
  /** Group of every row, which a split by question and the bootstrap keep together: its question or its theme. */
  groups: readonly string[];
}

/** Vectors with their labels and questions. */
export interface LabelledEmbeddings extends LabelledRows {
  /** [rows, dim], row-major. */
  embeddings: Float32Array;
  dim: number;
}

/** Options that all evaluations have. */
export interface EvaluationOptions {
  /**
   * `'question'` keeps all answers to one question on one side; `'row'` takes a share of each label's answers, as the
   * paper does; or an explicit split. @default 'question'
   */
  split?: SplitKind | Split;
  /** Share of the questions (or of each label's rows) to test, above 0 and below 1. @default 0.25 */
  testShare?: number;
  /** Decides the split and the bootstrap; the same seed gives the same result. @default 1 */
  seed?: number;
  /** Minimum number of rows per label. Labels with fewer are left out. @default 1 */
  minPerId?: number;
  /** Bootstrap samples for the 95 % intervals; 0 for no intervals. @default 1000 */
  bootstrapSamples?: number;
  signal?: AbortSignal;
}

/** Names of {@link EvaluationOptions}, to reject unknown ones. */
export const EVALUATION_OPTIONS = ['split', 'testShare', 'seed', 'minPerId', 'bootstrapSamples', 'signal'] as const;

export interface PreparedRows {
  /** Distinct labels that are kept, sorted. */
  names: string[];
  /** Row numbers of the input. */
  train: Int32Array;
  test: Int32Array;
  /** Label index of every training row and of every tested row. */
  trainLabels: Int32Array;
  testLabels: Int32Array;
  testGroups: string[];
  /** Labels left out by `minPerId`. */
  leftOut: string[];
  split: SplitKind | 'given';
  seed: number;
  bootstrapSamples: number;
}

/**
 * Prepares rows for an evaluation.
 *
 * @throws EngineError `ERR_SHAPE_MISMATCH` if the arrays differ in length; `ERR_ARG_RANGE` for fewer than two labels, a
 *   label that cannot be split, a given split that overlaps or lacks rows, or an option out of range
 */
export function prepareRows(rows: LabelledRows, options: EvaluationOptions): PreparedRows {
  const given = expectObject(rows, 'data');
  const labels = expectStrings(given['labels'], 'labels');
  const groups = expectStrings(given['groups'], 'groups');
  if (groups.length !== labels.length)
    fail('ERR_SHAPE_MISMATCH', `${labels.length} groups, one per label,`, 'groups', groups);
  const { split, testShare, seed, minPerId, bootstrapSamples } = resolveOptions(options);
  const candidates = typeof split === 'object' ? rowsOfSplit(split, labels.length) : [...labels.keys()];
  const counts = new Map<string, number>();
  for (const row of candidates) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const isKept = (row: number): boolean => counts.get(labels[row]!)! >= minPerId;
  const kept = candidates.filter(isKept);
  const { names, labels: indices } = labelRows(kept.map((row) => labels[row]!));
  if (names.length < 2) {
    const only = names[0] === undefined ? 'none' : `only "${names[0]}"`;
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two different labels with ${minPerId} or more rows, got ${only}`,
    );
  }
  const { train, test } =
    typeof split === 'object'
      ? { train: split.train.filter(isKept), test: split.test.filter(isKept) }
      : rowsAt(
          kept,
          split === 'row'
            ? splitByRow(indices, names, testShare, seed)
            : splitByQuestion(
                indices,
                kept.map((row) => groups[row]!),
                testShare,
                seed,
              ),
        );
  if (train.length === 0 || test.length === 0) fail('ERR_ARG_RANGE', 'rows on both sides', 'split', split);
  const position = new Map(names.map((name, i) => [name, i]));
  const indexOf = (row: number): number => position.get(labels[row]!)!;
  return {
    names,
    train,
    test,
    trainLabels: train.map(indexOf),
    testLabels: test.map(indexOf),
    testGroups: Array.from(test, (row) => groups[row]!),
    leftOut: [...counts.keys()].filter((name) => counts.get(name)! < minPerId).sort(),
    split: typeof split === 'object' ? 'given' : split,
    seed,
    bootstrapSamples,
  };
}

function resolveOptions(options: EvaluationOptions) {
  const { split = 'question', testShare = 0.25, seed = 1, minPerId = 1, bootstrapSamples = 1000 } = options;
  if (expectInRange(testShare, 'testShare', 0, 1) % 1 === 0) {
    fail('ERR_ARG_RANGE', 'a share above 0 and below 1', 'testShare', testShare);
  }
  expectSignal(options.signal, 'signal');
  return {
    split: typeof split === 'object' ? expectSplit(split) : expectOneOf(split, 'split', ['row', 'question']),
    testShare,
    seed: expectInteger(seed, 'seed', 0),
    minPerId: expectInteger(minPerId, 'minPerId', 1),
    bootstrapSamples: expectInteger(bootstrapSamples, 'bootstrapSamples', 0, 100_000),
  };
}

function rowsAt(kept: readonly number[], { train, test }: Split): Split {
  return { train: train.map((i) => kept[i]!), test: test.map((i) => kept[i]!) };
}

function expectSplit(split: Split): Split {
  const { train, test } = expectOptions(split, 'split', ['train', 'test']);
  return { train: expectInt32Array(train, 'split.train'), test: expectInt32Array(test, 'split.test') };
}

/** The rows of a split that the caller made, once it is seen to be one. */
function rowsOfSplit({ train, test }: Split, rows: number): number[] {
  const seen = new Uint8Array(rows);
  for (const [name, side] of Object.entries({ train, test })) {
    expectInt32Array(side, `split.${name}`).forEach((row, i) => {
      expectInteger(row, `split.${name}[${i}]`, 0, rows - 1);
      if (seen[row]) fail('ERR_ARG_RANGE', 'a row that occurs once in the split', `split.${name}[${i}]`, row);
      seen[row] = 1;
    });
  }
  return [...train, ...test];
}

/** One finite row per label. */
export function expectLabelledEmbeddings(data: LabelledEmbeddings): void {
  const { embeddings, dim, labels } = expectObject(data, 'data');
  const rows = expectFiniteVectors(embeddings, 'embeddings', expectInteger(dim, 'dim', 1));
  if (rows !== expectStrings(labels, 'labels').length)
    fail('ERR_SHAPE_MISMATCH', `${rows} labels, one per row,`, 'labels', labels);
}
