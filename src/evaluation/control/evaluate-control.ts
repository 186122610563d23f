/** Values apart from style: how much of the accuracy on questions about values other questions give as well. */
import { EngineError } from '../../core/errors.js';
import { expectInteger, expectObject, expectOptions, expectStrings, fail } from '../../core/validate.js';
import type { ClassificationResult } from '../classification.js';
import { type FitOptions, fitOnTraining } from '../fitted-knn.js';
import { evaluateKnn } from '../knn.js';
import {
  EVALUATION_OPTIONS,
  type EvaluationOptions,
  expectLabelledEmbeddings,
  type LabelledEmbeddings,
  prepareRows,
} from '../prepare.js';
import type { Split } from '../splits.js';
import { evaluateTfidf } from '../tfidf.js';
import { erase, fitErasure, fitRandomErasure } from './concept-erasure.js';

/** Answers with vectors of an encoder that was trained on none of them. */
export interface ControlSide extends LabelledEmbeddings {
  /** [rows], the answers. */
  texts: readonly string[];
}

export interface ControlData {
  /** Answers to questions about values. */
  values: ControlSide;
  /** Answers of the same authors to other questions. */
  control: ControlSide;
}

export interface ControlOptions extends Omit<EvaluationOptions, 'split'> {
  /** Number of neighbours that vote. @default 10 */
  k?: number;
  /** Settings of the fits. */
  fit?: FitOptions['fit'];
}

/** Balanced accuracy with a 95 % interval; null if the tested answers have a single question. */
export interface Figure {
  balancedAccuracy: number;
  interval: { low: number; high: number } | null;
}

/** Accuracy of a method, by the answers that it was trained on and tested on. */
export interface ControlRow {
  method: 'tfidf' | 'encoder' | 'fitted';
  /** Trained and tested on questions about values. */
  values: Figure;
  /** Trained and tested on other questions. */
  control: Figure;
  /** Difference of the two. */
  drop: Figure;
  /** Trained on other questions, tested on questions about values: this is style, not values. */
  controlToValues: Figure;
  /** Trained on questions about values, tested on others. */
  valuesToControl: Figure;
}

export interface ControlResult {
  /** Labels that both sides have. */
  labels: string[];
  /** 1 / number of labels. */
  chance: number;
  rows: ControlRow[];
  /** KNN on questions about values, in the vectors of the encoder, after directions were erased from them. */
  erasure: {
    /** Number of erased directions: those that tell the labels apart on the training questions of the other side. */
    rank: number;
    before: Figure;
    after: Figure;
    /** Mean over several draws of as many random directions. */
    random: number;
  };
}

const DEFAULT_K = 10;
const RANDOM_DRAWS = 5;

type SideName = keyof ControlData;

/**
 * Compares the accuracy on questions about values with that of the same labels on other questions (paper, Figure 4),
 * carries what was trained on one side over to the other, and erases from the vectors what tells the labels apart on
 * the other questions (Belrose et al. 2023). Both sides are split by question, with equal options. Labels that only one
 * side has are left out.
 *
 * @throws EngineError `ERR_ARG_RANGE` if the sides share fewer than two labels; and like `evaluateKnn` and
 *   `fitOnTraining`
 */
export async function evaluateControl(data: ControlData, options: ControlOptions = {}): Promise<ControlResult> {
  const { values, control } = expectObject(data, 'data') as unknown as ControlData;
  const keys = [...EVALUATION_OPTIONS.filter((key) => key !== 'split'), 'k', 'fit'];
  const { k: givenK, fit, ...evaluation } = expectOptions(options, 'options', keys) as ControlOptions;
  const k = expectInteger(givenK ?? DEFAULT_K, 'k', 1);
  const rows = joinSides(values, control);
  const splits = { values: splitSide(rows, 'values', evaluation), control: splitSide(rows, 'control', evaluation) };
  const over = (trained: SideName, tested: SideName): Split => ({
    train: splits[trained].train,
    test: splits[tested].test,
  });

  const methods: Record<ControlRow['method'], (split: Split) => Promise<ClassificationResult>> = {
    tfidf: (split) => evaluateTfidf(rows, { ...evaluation, split, k, sweep: [] }),
    encoder: (split) => evaluateKnn(rows, { ...evaluation, split, k, sweep: [] }),
    fitted: async (split) => {
      const fitted = await fitOnTraining(rows, { ...evaluation, split, fit });
      return evaluateKnn(fitted, { ...evaluation, split, k, sweep: [] });
    },
  };
  const result: ControlRow[] = [];
  for (const [method, evaluate] of Object.entries(methods)) {
    const figure = async (trained: SideName, tested: SideName): Promise<Figure> =>
      figureOf(await evaluate(over(trained, tested)));
    const own = await figure('values', 'values');
    const other = await figure('control', 'control');
    result.push({
      method: method as ControlRow['method'],
      values: own,
      control: other,
      drop: difference(own, other),
      controlToValues: await figure('control', 'values'),
      valuesToControl: await figure('values', 'control'),
    });
  }
  const names = [...new Set(rows.labels)].sort();
  return {
    labels: names,
    chance: 1 / names.length,
    rows: result,
    erasure: await measureErasure(rows, names, splits, (vectors) =>
      evaluateKnn({ ...rows, embeddings: vectors }, { ...evaluation, split: splits.values, k, sweep: [] }),
    ),
  };
}

interface JoinedRows extends ControlSide {
  sides: SideName[];
}

/** Joins the rows of both sides whose labels both have. Questions of different sides are different. */
function joinSides(values: ControlSide, control: ControlSide): JoinedRows {
  for (const [name, side] of Object.entries({ values, control })) {
    expectLabelledEmbeddings(side);
    const count = expectStrings(side.texts, `${name}.texts`).length;
    if (count !== side.labels.length)
      fail('ERR_SHAPE_MISMATCH', `${side.labels.length} texts, one per label,`, `${name}.texts`, side.texts);
  }
  if (control.dim !== values.dim) fail('ERR_SHAPE_MISMATCH', `${values.dim}`, 'control.dim', control.dim);
  const inControl = new Set(control.labels);
  const shared = new Set(values.labels.filter((label) => inControl.has(label)));
  if (shared.size < 2) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two labels that both sides have, got ${shared.size}: the first has ` +
        `${new Set(values.labels).size}, the second ${inControl.size}`,
    );
  }
  const { dim } = values;
  const parts = Object.entries({ values, control }).map(([name, side]) => {
    const kept = Int32Array.from([...side.labels.keys()].filter((row) => shared.has(side.labels[row]!)));
    const pick = (column: readonly string[]): string[] => Array.from(kept, (row) => column[row]!);
    const embeddings = new Float32Array(kept.length * dim);
    kept.forEach((row, i) => embeddings.set(side.embeddings.subarray(row * dim, (row + 1) * dim), i * dim));
    return {
      texts: pick(side.texts),
      labels: pick(side.labels),
      groups: pick(side.groups).map((group) => `${name} ${group}`),
      sides: new Array<SideName>(kept.length).fill(name as SideName),
      embeddings,
    };
  });
  const [first, second] = [parts[0]!, parts[1]!];
  const embeddings = new Float32Array(first.embeddings.length + second.embeddings.length);
  embeddings.set(first.embeddings);
  embeddings.set(second.embeddings, first.embeddings.length);
  return {
    dim,
    embeddings,
    texts: [...first.texts, ...second.texts],
    labels: [...first.labels, ...second.labels],
    groups: [...first.groups, ...second.groups],
    sides: [...first.sides, ...second.sides],
  };
}

/** Splits the rows of one side by question. */
function splitSide(rows: JoinedRows, side: SideName, options: EvaluationOptions): Split {
  const own = [...rows.sides.keys()].filter((row) => rows.sides[row] === side);
  const pick = (column: readonly string[]): string[] => own.map((row) => column[row]!);
  const { train, test } = prepareRows({ labels: pick(rows.labels), groups: pick(rows.groups) }, options);
  return { train: train.map((i) => own[i]!), test: test.map((i) => own[i]!) };
}

async function measureErasure(
  { embeddings, labels, dim }: JoinedRows,
  names: readonly string[],
  splits: Record<SideName, Split>,
  evaluate: (vectors: Float32Array) => Promise<ClassificationResult>,
): Promise<ControlResult['erasure']> {
  const { train } = splits.control;
  const trained = new Float32Array(train.length * dim);
  train.forEach((row, i) => trained.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim));
  const erasure = await fitErasure(
    trained,
    dim,
    train.map((row) => names.indexOf(labels[row]!)),
  );
  const random: number[] = [];
  for (let seed = 1; seed <= RANDOM_DRAWS; seed++) {
    const other = await fitRandomErasure(trained, dim, erasure.rank, seed);
    random.push((await evaluate(erase(embeddings, dim, other))).balancedAccuracy);
  }
  return {
    rank: erasure.rank,
    before: figureOf(await evaluate(embeddings)),
    after: figureOf(await evaluate(erase(embeddings, dim, erasure))),
    random: random.reduce((sum, value) => sum + value, 0) / RANDOM_DRAWS,
  };
}

function figureOf({ balancedAccuracy, intervals }: ClassificationResult): Figure {
  return { balancedAccuracy, interval: intervals?.balancedAccuracy ?? null };
}

/** Difference of two figures of different questions, which are independent. */
function difference(a: Figure, b: Figure): Figure {
  const balancedAccuracy = a.balancedAccuracy - b.balancedAccuracy;
  if (!a.interval || !b.interval) return { balancedAccuracy, interval: null };
  const half = Math.hypot(a.interval.high - a.interval.low, b.interval.high - b.interval.low) / 2;
  return { balancedAccuracy, interval: { low: balancedAccuracy - half, high: balancedAccuracy + half } };
}
