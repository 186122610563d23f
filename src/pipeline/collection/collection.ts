import { EngineError } from '../../core/errors.js';
import { answerPart, type EmbeddableText, expectQa, wholeText } from '../../core/question-answer.js';
import type { RowLabels } from '../../core/row-labels.js';
import { expectBoolean, expectInteger, expectOptions, expectString } from '../../core/validate.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { Encoder } from '../../encoder/encoder.js';
import { explainClassification } from '../../identification/classifier/explain.js';
import type { Explanation } from '../../identification/classifier/explanation.js';
import type {
  Classification,
  ClassifyOptions,
  ValueClassifier,
} from '../../identification/classifier/value-classifier.js';
import type { Identification, Neighbour } from '../../identification/rank-neighbours.js';
import { EFFORT_KEYS } from '../../identification/searchable-index.js';
import { type IdentifyOptions, ValueIdentifier } from '../../identification/value-identifier.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import type { QaRecord } from '../../records/record.js';
import {
  expectKnownNames,
  expectValueFilter,
  matchValueIds,
  type ValueFilter,
} from '../../search/filters/value-filter.js';
import type { DatasetSearch, SearchKind } from '../index/dataset-search.js';
import type { VectorSource } from '../index/vector-source.js';

/** Options of `Collection.identify`. */
export interface IdentifyTextsOptions extends IdentifyOptions {
  /** Number of nearest answers to return with their texts. @default 3 */
  evidence?: number | undefined;
}

/** One of the nearest answers, with its text. */
export interface Evidence extends Neighbour {
  qid: string;
  question: string;
  answer: string;
}

/** The identification of one text: whose values it expresses. */
export interface IdentifiedText extends Identification {
  /** The embedded text. */
  text: string;
  /** Probabilities of the value ids; missing if the dataset has no classifier. */
  classification?: Classification | undefined;
  /** The nearest answers with their texts, nearest first. */
  evidence: Evidence[];
}

const DEFAULT_EVIDENCE = 3;

/** An embedded dataset that is ready for searching: its encoder, its index and its records. */
export class Collection implements AsyncDisposable {
  #disposal: Promise<void> | undefined;

  private constructor(
    private readonly source: VectorSource,
    readonly encoder: Encoder,
    private readonly search: DatasetSearch | undefined,
    private readonly identifier: ValueIdentifier | undefined,
    private readonly classifier: ValueClassifier | undefined,
  ) {}

  /**
   * Creates a collection, which from now on owns the encoder and the search.
   *
   * @internal
   */
  static over(
    source: VectorSource,
    encoder: Encoder,
    search: DatasetSearch | undefined,
    valueIds: RowLabels | undefined,
    classifier: ValueClassifier | undefined,
  ): Collection {
    const identifier =
      search && valueIds && new ValueIdentifier({ index: search.index, effort: search.effort, valueIds });
    return new Collection(source, encoder, search, identifier, classifier);
  }

  get dataset(): Dataset {
    return this.source.dataset;
  }

  /** True if `encoder` was fitted on the answers of this dataset. */
  get isFitted(): boolean {
    return this.source.isFitted;
  }

  /** True if the dataset has a classifier, which gives probabilities. */
  get hasClassifier(): boolean {
    return this.classifier !== undefined;
  }

  /** True if the dataset has a fitted encoder that belongs to other answers. It is not used: fit again. */
  get hasStaleFit(): boolean {
    return this.source.hasStaleFit;
  }

  /** Number of answers. */
  get rows(): number {
    return this.dataset.rows;
  }

  /** How answers are searched. */
  get searchKind(): SearchKind {
    return this.search?.kind ?? 'none';
  }

  /** True if the index of the folder does not match the embeddings. It is not used: rebuild it. */
  get hasStaleIndex(): boolean {
    return this.search?.isStale ?? false;
  }

  /**
   * Counts the answers that match a filter.
   *
   * @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE` for a name that no answer has
   */
  count(filter: ValueFilter): number {
    expectValueFilter(filter, 'filter');
    const { valueIds } = this.dataset.manifest;
    const names = Object.keys(valueIds);
    expectKnownNames(filter, names);
    const matches = matchValueIds(filter, names);
    return names.reduce((sum, name, i) => sum + (matches[i] ? valueIds[name]! : 0), 0);
  }

  /**
   * Identifies whose values the texts express: the k nearest answers vote for their value ids, and the classifier, if
   * the dataset has one, gives their probabilities.
   *
   * @param texts plain texts, or questions with answers
   * @returns one identification per text
   * @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE`, also if the collection was opened without an index;
   *   `ERR_ABORTED`; and the errors of the encoder and the index
   */
  async identify(texts: readonly EmbeddableText[], options?: IdentifyTextsOptions): Promise<IdentifiedText[]> {
    const keys = ['k', ...EFFORT_KEYS, 'filter', 'signal', 'evidence'] as const;
    const { evidence, ...search } = expectOptions(options, 'options', keys) as IdentifyTextsOptions;
    const count = expectInteger(evidence ?? DEFAULT_EVIDENCE, 'evidence', 0);
    const { identifier } = this;
    if (!identifier)
      throw new EngineError(
        'ERR_ARG_RANGE',
        'Expected an open index, but "index" was "none" when the collection was opened',
      );
    const { embeddings } = await this.encoder.encode(texts, { signal: search.signal });
    const { filter, signal } = search;
    const [found, classified] = await Promise.all([
      identifier.identify(embeddings, search),
      this.classifier?.classify(texts.map(answerPart), embeddings, { filter }, { signal }),
    ]);
    const records = await this.#recordsOf(found, count);
    return found.map((identification, i) => ({
      text: wholeText(texts[i]!),
      ...identification,
      ...(classified && { classification: classified[i]! }),
      evidence: identification.neighbours.slice(0, count).map((neighbour) => {
        const { qid, question, answer } = records.get(neighbour.row)!;
        return { ...neighbour, qid, question, answer };
      }),
    }));
  }

  /**
   * Gives the probabilities of the value ids for texts, or for all of them together as those of one author.
   *
   * @returns one classification per text, or a single one with `together`
   * @throws EngineError `ERR_DATA` if the dataset has no classifier; `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_ABORTED`
   */
  async classify(
    texts: readonly EmbeddableText[],
    options?: ClassifyOptions & Pick<CallOptions, 'signal'>,
  ): Promise<Classification[]> {
    const keys = ['filter', 'together', 'signal'] as const;
    const { signal, ...given } = expectOptions(options, 'options', keys) as ClassifyOptions & CallOptions;
    expectBoolean(given.together ?? false, 'together');
    const classifier = this.#requireClassifier();
    if (given.filter !== undefined) this.count(given.filter); // rejects unknown names
    const { embeddings } = await this.encoder.encode(texts, { signal });
    return classifier.classify(texts.map(answerPart), embeddings, given, { signal });
  }

  /**
   * Finds the phrases of a text that speak most for and against a value id. Of a question with an answer, only the
   * answer is read.
   *
   * @param valueId a value id of the classifier, for example the first of a classification
   * @throws EngineError `ERR_DATA` if the dataset has no classifier; `ERR_ARG_TYPE`; `ERR_ARG_RANGE` for an unknown
   *   value id; `ERR_ABORTED`
   */
  async explain(text: EmbeddableText, valueId: string, options?: Pick<CallOptions, 'signal'>): Promise<Explanation> {
    const { signal } = expectOptions(options, 'options', ['signal']) as CallOptions;
    const call = resolveCallOptions(signal, undefined);
    const answer = typeof text === 'string' ? text : expectQa(text, 'text').answer;
    return explainClassification(this.#requireClassifier(), answer, expectString(valueId, 'valueId'), call);
  }

  /** Releases the encoder and the index once the calls in flight have finished. Idempotent. */
  dispose(): Promise<void> {
    this.classifier?.dispose();
    this.#disposal ??= Promise.all([this.encoder.dispose(), this.search?.[Symbol.asyncDispose]()]).then(
      () => undefined,
    );
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #requireClassifier(): ValueClassifier {
    if (this.classifier) return this.classifier;
    throw new EngineError('ERR_DATA', `${this.dataset.dir} has no classifier`, {
      remedies: [{ text: 'run "univar fit"' }],
    });
  }

  /** The records of the first `count` neighbours of each text, by row. */
  async #recordsOf(found: readonly Identification[], count: number): Promise<Map<number, QaRecord>> {
    const rows = new Set(found.flatMap(({ neighbours }) => neighbours.slice(0, count).map(({ row }) => row)));
    const records = await this.dataset.readRecordsAt([...rows]);
    return new Map([...rows].map((row, i) => [row, records[i]!]));
  }
}
