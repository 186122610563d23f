import { splitValueId } from '../../core/value-id.js';
import type { CallOptions } from '../../native/call.js';
import { NgramTable } from '../../native/ngram-table.js';
import { expectValueFilter, matchValueIds, type ValueFilter } from '../../search/filters/value-filter.js';
import { type Calibration, stepFor } from './calibration.js';
import { CLASSIFIER_GROUPS, type ClassifierWeights } from './classifier-weights.js';
import { authorProbabilities } from './probabilities.js';
import { meanScores, type Scores } from './scores.js';

/** A linear classifier, with what turns its scores into probabilities. */
export interface ClassifierData extends ClassifierWeights {
  /** [names, dim], the mean vectors of the value ids in the space of the fitted encoder, at unit length. */
  centroids: Float32Array;
  dim: number;
  calibration: Calibration;
}

/** A value id and its probability. */
export interface RankedProbability {
  valueId: string;
  model: string;
  lang: string;
  /** Probability that this value id wrote the text, from 0 to 1. */
  probability: number;
}

/** Probabilities of the value ids for a text, or for several texts of one author. They add up to 1 with `unknown`. */
export interface Classification {
  /** Probability that none of the value ids wrote the text; null if the dataset has too few value ids to tell. */
  unknown: number | null;
  /** All value ids that match the filter, the most probable first. */
  ranking: RankedProbability[];
}

/** Options of `Collection.classify`. */
export interface ClassifyOptions {
  /** Limits the value ids. @default all */
  filter?: ValueFilter | undefined;
  /** Takes all texts together as those of one author. @default false */
  together?: boolean | undefined;
}

/** Scores of texts, and what else their classification needs. */
export interface TextEvidence {
  scores: Scores[];
  /** [texts], share of known n-grams. */
  known: Float32Array;
}

/**
 * Tells which value id wrote a text, with probabilities: a linear classifier over n-grams, together with the
 * similarities of the fitted encoder. Probabilities are calibrated on answers that neither has seen.
 */
export class ValueClassifier {
  private constructor(
    private readonly data: ClassifierData,
    private readonly table: NgramTable,
  ) {}

  /** @throws EngineError `ERR_NON_FINITE`, `ERR_DATA` for weights that are damaged, `ERR_OUT_OF_MEMORY` */
  static async create(data: ClassifierData): Promise<ValueClassifier> {
    const { keys, planes, names } = data;
    const table = await NgramTable.create({ dim: names.length, keys, rows: planes.codes, scales: planes.scales });
    return new ValueClassifier(data, table);
  }

  /** The value ids, ascending. */
  get names(): readonly string[] {
    return this.data.names;
  }

  get calibration(): Calibration {
    return this.data.calibration;
  }

  /**
   * Classifies texts.
   *
   * @param texts answers, without questions
   * @param vectors [texts, dim], their vectors from the fitted encoder
   * @returns one classification per text, or a single one with `together`
   * @throws EngineError `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async classify(
    texts: readonly string[],
    vectors: Float32Array,
    options: ClassifyOptions = {},
    call: CallOptions = {},
  ): Promise<Classification[]> {
    return this.weigh(await this.score(texts, vectors, call), options);
  }

  /** Classifies texts by their scores, see {@link classify}. */
  weigh({ scores, known }: TextEvidence, { filter, together = false }: ClassifyOptions = {}): Classification[] {
    const allowed = this.#allowed(filter);
    if (!together) return scores.map((one, i) => this.#classify(one, known[i]!, 1, allowed));
    if (scores.length === 0) return [];
    const mean = known.reduce((sum, share) => sum + share, 0) / known.length;
    return [this.#classify(meanScores(scores), mean, scores.length, allowed)];
  }

  /** Computes the scores of texts, see {@link classify}. */
  async score(texts: readonly string[], vectors: Float32Array, call: CallOptions = {}): Promise<TextEvidence> {
    const { centroids, dim, names } = this.data;
    const { decisions, known } = await this.decide(texts, call);
    return {
      known,
      scores: decisions.map((values, i) => ({
        decisions: values,
        similarities: cosines(vectors.subarray(i * dim, (i + 1) * dim), centroids, names.length),
      })),
    };
  }

  /** Computes the decision values of the linear classifier alone, one per value id for every text. */
  async decide(
    texts: readonly string[],
    call: CallOptions = {},
  ): Promise<{ decisions: Float32Array[]; known: Float32Array }> {
    const { biases } = this.data;
    const { scores, known } = await this.table.score(texts, CLASSIFIER_GROUPS, call);
    return {
      known,
      decisions: texts.map((_, i) => biases.map((bias, c) => bias + scores[i * biases.length + c]!)),
    };
  }

  /** Positions of the value ids that match a filter. It can name others: those of answers added after the fit. */
  #allowed(filter: ValueFilter | undefined): number[] | undefined {
    if (filter === undefined) return undefined;
    const matches = matchValueIds(expectValueFilter(filter, 'filter'), this.data.names);
    return [...matches.keys()].filter((i) => matches[i]);
  }

  #classify(scores: Scores, known: number, texts: number, allowed: number[] | undefined): Classification {
    const { calibration, names } = this.data;
    const positions = allowed ?? [...names.keys()];
    if (positions.length === 0) return { unknown: stepFor(calibration, texts).unknown && 1, ranking: [] };
    const { unknown, shares } = authorProbabilities(calibration, scores, known, texts, positions);
    const ranking = shares.map((share, i) => {
      const valueId = names[positions[i]!]!;
      return { valueId, ...splitValueId(valueId), probability: share * (1 - (unknown ?? 0)) };
    });
    ranking.sort((a, b) => b.probability - a.probability || (a.valueId < b.valueId ? -1 : 1));
    return { unknown, ranking };
  }

  /** Frees the memory once the calls in flight have finished. Idempotent. */
  dispose(): void {
    this.table.dispose();
  }
}

function cosines(vector: Float32Array, centroids: Float32Array, count: number): Float32Array {
  const dim = vector.length;
  const result = new Float32Array(count);
  for (let c = 0; c < count; c++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += vector[d]! * centroids[c * dim + d]!;
    result[c] = sum;
  }
  return result;
}
