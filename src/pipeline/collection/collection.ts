import { type EmbeddableText, wholeText } from '../../core/question-answer.js';
import type { RowLabels } from '../../core/row-labels.js';
import { expectInteger, expectOptions } from '../../core/validate.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { Encoder } from '../../encoder/encoder.js';
import type { Identification, Neighbour } from '../../identification/rank-neighbours.js';
import { type IdentifyOptions, ValueIdentifier } from '../../identification/value-identifier.js';
import type { QaRecord } from '../../records/record.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import type { DatasetSearch, SearchKind } from '../index/dataset-search.js';

export interface IdentifyTextsOptions extends IdentifyOptions {
  /** How many of the nearest answers to return with their texts. @default 3 */
  evidence?: number | undefined;
}

/** One of the nearest answers, with its text. */
export interface Evidence extends Neighbour {
  qid: string;
  question: string;
  answer: string;
}

/** Whose values one text expresses. */
export interface IdentifiedText extends Identification {
  /** The text as it was embedded. */
  text: string;
  /** The nearest answers with their texts, nearest first. */
  evidence: Evidence[];
}

const DEFAULT_EVIDENCE = 3;

/** An embedded dataset that is ready to be searched: its encoder, its index and its records. */
export class Collection implements AsyncDisposable {
  #disposal: Promise<void> | undefined;

  private constructor(
    readonly dataset: Dataset,
    readonly encoder: Encoder,
    private readonly search: DatasetSearch,
    private readonly identifier: ValueIdentifier,
  ) {}

  /**
   * Takes over encoder and search.
   *
   * @internal
   */
  static over(dataset: Dataset, encoder: Encoder, search: DatasetSearch, valueIds: RowLabels): Collection {
    return new Collection(dataset, encoder, search, new ValueIdentifier({ index: search.index, valueIds }));
  }

  /** Number of answers. */
  get rows(): number {
    return this.dataset.rows;
  }

  /** `'saved'`: by the index of the folder; `'exact'`: all answers are compared; `'given'`: by an index of the caller. */
  get searchKind(): SearchKind {
    return this.search.kind;
  }

  /** Whether the folder has an index of other embeddings, which is not used: build it again. */
  get hasStaleIndex(): boolean {
    return this.search.isStale;
  }

  /**
   * The number of answers that a filter leaves.
   *
   * @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE` for a name that no answer has
   */
  count(filter: ValueFilter): number {
    return this.identifier.count(filter);
  }

  /**
   * Identifies whose values texts express: the k nearest answers vote for their value ids.
   *
   * @param texts as they are, or as answers to questions
   * @returns one identification per text
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_ABORTED`, and the errors of the encoder and the index
   */
  async identify(texts: readonly EmbeddableText[], options?: IdentifyTextsOptions): Promise<IdentifiedText[]> {
    const keys = ['k', 'efSearch', 'nprobe', 'filter', 'signal', 'evidence'] as const;
    const { evidence, ...search } = expectOptions(options, 'options', keys) as IdentifyTextsOptions;
    const count = expectInteger(evidence ?? DEFAULT_EVIDENCE, 'evidence', 0);
    const { embeddings } = await this.encoder.encode(texts, { signal: search.signal });
    const found = await this.identifier.identify(embeddings, search);
    const records = await this.#recordsOf(found, count);
    return found.map((identification, i) => ({
      text: wholeText(texts[i]!),
      ...identification,
      evidence: identification.neighbours.slice(0, count).map((neighbour) => {
        const { qid, question, answer } = records.get(neighbour.row)!;
        return { ...neighbour, qid, question, answer };
      }),
    }));
  }

  /** Releases encoder and index when the calls in flight have finished. Idempotent. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.all([this.encoder.dispose(), this.search[Symbol.asyncDispose]()]).then(() => undefined);
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The records of the first `count` neighbours of each text, by row. */
  async #recordsOf(found: readonly Identification[], count: number): Promise<Map<number, QaRecord>> {
    const rows = new Set(found.flatMap(({ neighbours }) => neighbours.slice(0, count).map(({ row }) => row)));
    const records = await this.dataset.readRecordsAt([...rows]);
    return new Map([...rows].map((row, i) => [row, records[i]!]));
  }
}
