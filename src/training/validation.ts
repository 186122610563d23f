/** Measures how well the encoder identifies answers to questions that it is not trained on. */
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { evaluateKnn } from '../evaluation/knn.js';
import { type Split, splitByQuestion } from '../evaluation/splits.js';
import type { RunSettings } from './run-settings.js';
import type { TrainingColumns } from './training-columns.js';

export interface ValidationResult {
  /** Mean of the balanced accuracies of all sources. */
  balancedAccuracy: number;
  chance: number;
  /** Balanced accuracy by source. */
  sources: Record<string, number>;
}

/** Smaller than the 50 of the paper, which exceeds the number of held-out answers of a value id. */
const NEIGHBOURS = 10;

/** Splits the rows of a set by question. Every value id of every source keeps training rows. */
export function splitValidation(
  { labels, sources, sourceNames, groups }: TrainingColumns,
  share: number,
  seed: number,
): Split {
  const labelInSource = labels.map((label, row) => label * sourceNames.length + sources[row]!);
  return splitByQuestion(labelInSource, groups, share, seed);
}

/** Rows to train on, and a validation on rows of other questions. */
export interface HeldOut {
  train: Int32Array;
  /** Number of rows that are not trained on. */
  validationRows: number;
  /** Undefined if all rows are trained on. */
  validation: Validation | undefined;
}

/** Holds out rows for validation, if the settings say so. @throws EngineError like {@link Validation.create} */
export function holdOut(
  set: TrainingColumns,
  { validateEvery, validationShare, validationRows, seed }: RunSettings,
): HeldOut {
  if (validateEvery === 0)
    return { train: Int32Array.from({ length: set.rows }, (_, row) => row), validationRows: 0, validation: undefined };
  const { train, test } = splitValidation(set, validationShare, seed);
  return { train, validationRows: test.length, validation: Validation.create(set, test, validationRows, seed) };
}

interface SourcePart {
  name: string;
  /** Rows of the training set. */
  rows: Int32Array;
  /** Positions in `rows`. */
  split: Split;
}

/**
 * Validates by kNN identification on frozen features. Within each source, the answers to half of the held-out questions
 * vote on the answers to the other half, so that neither half was trained on.
 */
export class Validation {
  private constructor(
    private readonly set: TrainingColumns,
    private readonly parts: readonly SourcePart[],
  ) {}

  /**
   * Chooses the rows of the validation.
   *
   * @param rows held-out rows, of which up to `limit` are used, spread evenly over the sources
   * @throws EngineError `ERR_ARG_RANGE` if no source has two value ids and two questions among these rows
   */
  static create(set: TrainingColumns, rows: Int32Array, limit: number, seed: number): Validation {
    const random = new SeededRandom(seed);
    const quota = Math.max(4, Math.floor(limit / set.sourceNames.length));
    const parts: SourcePart[] = [];
    set.sourceNames.forEach((name, source) => {
      const part = random
        .shuffle(rows.filter((row) => set.sources[row] === source))
        .slice(0, quota)
        .sort();
      const split = halve(set, part, seed);
      if (split) parts.push({ name, rows: part, split });
    });
    if (parts.length > 0) return new Validation(set, parts);
    throw new EngineError(
      'ERR_ARG_RANGE',
      'Expected held-out answers of two value ids to several questions for validation, ' +
        `got ${rows.length} answers; hold out more (validationShare) or disable validation (validateEvery: 0)`,
    );
  }

  /** Rows that a validation embeds. */
  get rows(): Int32Array {
    return Int32Array.from(this.parts.flatMap(({ rows }) => [...rows]));
  }

  /** @param embed computes the vectors of rows of the set, [rows, dim] */
  async run(embed: (rows: Int32Array) => Promise<Float32Array>, dim: number): Promise<ValidationResult> {
    const { set, parts } = this;
    const result: ValidationResult = { balancedAccuracy: 0, chance: 0, sources: {} };
    const vectors = await embed(this.rows);
    let first = 0;
    for (const { name, rows, split } of parts) {
      const embeddings = vectors.subarray(first * dim, (first + rows.length) * dim);
      first += rows.length;
      const labels = Array.from(rows, (row) => set.names[set.labels[row]!]!);
      const groups = Array.from(rows, (row) => set.groups[row]!);
      const k = Math.min(NEIGHBOURS, split.train.length);
      const { balancedAccuracy, chance } = await evaluateKnn(
        { embeddings, dim, labels, groups },
        { split, k, sweep: [], bootstrapSamples: 0 },
      );
      result.sources[name] = balancedAccuracy;
      result.balancedAccuracy += balancedAccuracy / parts.length;
      result.chance += chance / parts.length;
    }
    return result;
  }
}

/** Splits rows into two halves by question; returns undefined if that is not possible. */
function halve(set: TrainingColumns, rows: Int32Array, seed: number): Split | undefined {
  const labels = rows.map((row) => set.labels[row]!);
  if (new Set(labels).size < 2) return undefined;
  try {
    return splitByQuestion(
      labels,
      Array.from(rows, (row) => set.groups[row]!),
      0.5,
      seed,
    );
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_ARG_RANGE') return undefined;
    throw error;
  }
}
