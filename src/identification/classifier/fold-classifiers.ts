/**
 * Probabilities of all answers of a dataset from classifiers that saw neither the answer nor another answer to its
 * question: each of four folds leaves out a quarter of the questions, and only its classifier scores the answers to
 * them. Classifiers are trained on a sample, so that their cost does not grow with the dataset, and the answers can be
 * scored a block at a time.
 */
import { allocateFloat32 } from '../../core/allocate.js';
import type { RowLabels } from '../../core/row-labels.js';
import type { CallOptions } from '../../native/call.js';
import { sampleRows } from '../fit/pairs.js';
import { CALIBRATION_ANSWERS } from './calibrate-on-folds.js';
import { fitPair, ifEnoughData, type LabelledTexts, type PairOptions } from './fit-classifier.js';
import { assignFolds, FOLDS } from './held-out-scores.js';
import { PairScorer } from './score-pair.js';
import type { Scores } from './scores.js';
import { fitScales, logitsOf, type Scales, softmax } from './softmax-scales.js';

export interface FoldClassifiersOptions extends Pick<PairOptions, 'fit' | 'maxAnswers' | 'seed'> {
  /** The value ids, ascending. */
  names: readonly string[];
  /** Questions of all answers that will be scored, not only of those in the sample. */
  groups: ReadonlySet<string>;
}

/** The classifier of a fold, and the positions of its value ids among all. */
interface Fold {
  scorer: PairScorer;
  columns: readonly number[];
}

/** Returns the ascending rows to train on: so many of every value id that they have equal numbers, if possible. */
export function foldSample({ names, labels }: RowLabels, seed: number): Int32Array {
  return sampleRows(labels, names.length, CALIBRATION_ANSWERS, seed);
}

export class FoldClassifiers {
  private constructor(
    private readonly names: readonly string[],
    private readonly foldOf: ReadonlyMap<string, number>,
    /** Undefined for a fold whose answers do not suffice for a fit. */
    private readonly folds: readonly (Fold | undefined)[],
    private readonly scales: Scales,
  ) {}

  /**
   * Trains an encoder and a classifier for each fold on the answers of a sample that it does not leave out, and
   * calibrates the probabilities on those that it does. `onProgress` receives the number of complete folds.
   *
   * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and `ERR_ARG_RANGE` or `ERR_DATA` for settings of the fit
   */
  static async fit(
    sample: LabelledTexts,
    { names, groups, ...options }: FoldClassifiersOptions,
    { signal, onProgress }: CallOptions = {},
  ): Promise<FoldClassifiers> {
    const foldOf = assignFolds([...groups], options.seed);
    const position = new Map(names.map((name, i) => [name, i]));
    const folds: (Fold | undefined)[] = [];
    const heldOut: (Scores & { label: number })[] = [];
    try {
      for (let fold = 0; fold < FOLDS; fold++) {
        const isHeld = (row: number): boolean => foldOf.get(sample.groups[row]!) === fold;
        const rows = [...sample.groups.keys()].filter((row) => !isHeld(row));
        const pair = await ifEnoughData(fitPair(sample, rows, { ...options, signal }));
        const scorer = pair && (await PairScorer.open(pair));
        folds.push(scorer && { scorer, columns: scorer.names.map((name) => position.get(name)!) });
        if (scorer) {
          const held = [...sample.groups.keys()].filter(isHeld);
          const { scores } = await scorer.score(
            held.map((row) => sample.texts[row]!),
            { signal },
          );
          scores.forEach((one, i) => {
            const label = scorer.names.indexOf(sample.valueIds[held[i]!]!);
            if (label >= 0) heldOut.push({ ...one, label });
          });
        }
        onProgress?.(fold + 1);
      }
    } catch (error) {
      for (const fold of folds) await fold?.scorer.dispose();
      throw error;
    }
    return new FoldClassifiers(names, foldOf, folds, fitScales(heldOut));
  }

  /**
   * Returns the probabilities of the value ids for some answers, each by the classifier that left out its question.
   *
   * @returns [answers, names]; NaN for value ids that a fold had too few answers of
   * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
   */
  async probabilities(
    { texts, groups }: Pick<LabelledTexts, 'texts' | 'groups'>,
    { signal }: CallOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    const { names, folds, foldOf, scales } = this;
    const probabilities = allocateFloat32(texts.length * names.length, 'the probabilities').fill(Number.NaN);
    for (const [number, fold] of folds.entries()) {
      const rows = [...texts.keys()].filter((row) => foldOf.get(groups[row]!) === number);
      if (!fold || rows.length === 0) continue;
      const { scores } = await fold.scorer.score(
        rows.map((row) => texts[row]!),
        { signal },
      );
      for (const [i, row] of rows.entries()) {
        const shares = softmax(logitsOf(scores[i]!, scales));
        for (const [at, column] of fold.columns.entries()) probabilities[row * names.length + column] = shares[at]!;
      }
    }
    return probabilities;
  }

  async dispose(): Promise<void> {
    for (const fold of this.folds) await fold?.scorer.dispose();
  }
}
