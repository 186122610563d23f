/** Measures how well the encoder identifies answers to questions that it is not trained on. */
import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { evaluateKnn } from '../evaluation/knn.js';
import { type Split, splitByQuestion } from '../evaluation/splits.js';
import type { PackedTokens } from '../native/packed-tokens.js';
import type { TrainingSet } from './training-set.js';

export interface ValidationResult {
  /** Mean of the balanced accuracies of all sources. */
  balancedAccuracy: number;
  chance: number;
  /** Balanced accuracy by source. */
  sources: Record<string, number>;
}

/** Smaller than the 50 of the paper, which exceeds the number of held-out answers of a value id. */
const NEIGHBOURS = 10;
/** Texts per encoder call. */
const CHUNK = 64;

/** Splits the rows of a set by question. Every value id of every source keeps training rows. */
export function splitValidation(
  { labels, sources, sourceNames, groups }: TrainingSet,
  share: number,
  seed: number,
): Split {
  const labelInSource = labels.map((label, row) => label * sourceNames.length + sources[row]!);
  return splitByQuestion(labelInSource, groups, share, seed);
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
    private readonly set: TrainingSet,
    private readonly parts: readonly SourcePart[],
  ) {}

  /**
   * Chooses the rows of the validation.
   *
   * @param rows held-out rows, of which up to `limit` are used, spread evenly over the sources
   * @throws EngineError `ERR_ARG_RANGE` if no source has two value ids and two questions among these rows
   */
  static create(set: TrainingSet, rows: Int32Array, limit: number, seed: number): Validation {
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

  /** Number of rows that a validation embeds. */
  get rows(): number {
    return this.parts.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  async run(encode: (texts: PackedTokens) => Promise<Float32Array>, dim: number): Promise<ValidationResult> {
    const { set, parts } = this;
    const result: ValidationResult = { balancedAccuracy: 0, chance: 0, sources: {} };
    for (const { name, rows, split } of parts) {
      const embeddings = allocateFloat32(rows.length * dim, 'the embeddings');
      for (let begin = 0; begin < rows.length; begin += CHUNK) {
        const chunk = rows.subarray(begin, begin + CHUNK);
        embeddings.set(await encode(set.tokens.pack(Array.from(chunk, (row) => [row]))), begin * dim);
      }
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
function halve(set: TrainingSet, rows: Int32Array, seed: number): Split | undefined {
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
