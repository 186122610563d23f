/** How well the encoder in training identifies answers to questions that it does not train on. */
import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { evaluateKnn } from '../evaluation/knn.js';
import { type Split, splitByQuestion } from '../evaluation/splits.js';
import type { PackedTokens } from '../native/packed-tokens.js';
import type { TrainingSet } from './training-set.js';

export interface ValidationResult {
  /** Mean over the sources. */
  balancedAccuracy: number;
  chance: number;
  /** Balanced accuracy by source. */
  sources: Record<string, number>;
}

/** The paper's 50 is more than the few held-out answers of a value id. */
const NEIGHBOURS = 10;
/** Texts that are encoded at once. */
const CHUNK = 64;

/** Splits the rows of a set by question; every value id of every source keeps rows to train on. */
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
 * kNN identification on frozen features: within each source, half of the held-out questions vote on the other half, so
 * that neither side was trained on.
 */
export class Validation {
  private constructor(
    private readonly set: TrainingSet,
    private readonly parts: readonly SourcePart[],
  ) {}

  /**
   * @param rows held out, of which at most `limit` are used, spread evenly over the sources
   * @throws EngineError `ERR_ARG_RANGE` when no source has two value ids and two questions among them
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
      `Expected held-out answers of two value ids to several questions for a validation, got ${rows.length} answers; hold out more (validationShare) or switch it off (validateEvery 0)`,
    );
  }

  /** Rows that a validation embeds. */
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

/** Half of the questions of some rows; undefined where that is not possible. */
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
