import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { DatasetLanguages } from '../../core/languages.js';
import { expectVectors, fail } from '../../core/validate.js';
import { languagesOf } from '../../core/value-id.js';
import type { Encoder } from '../../encoder/encoder.js';
import type { ValueClassifier } from '../../identification/classifier/value-classifier.js';
import { type Identification, rankNeighbours } from '../../identification/rank-neighbours.js';
import { type AppliedEffort, type SearchEffort, searchEffort } from '../../identification/searchable-index.js';
import { type NeighbourSearchOptions, searchNeighbours } from '../../identification/value-identifier.js';
import type { SearchResult } from '../../native/search-result.js';
import { type QaRecord, valueId } from '../../records/record.js';
import { expectUnitRows, haveUnitLength } from '../../search/euclidean-distance.js';
import { expectEntries, LARGEST_ENTRY } from '../../search/expect-entries.js';
import { RowFilters } from '../../search/filters/row-filters.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import type { MeasuredRecall } from '../../search/measured-recall.js';
import type { VectorIndex } from '../../search/vector-index.js';
import type { AddedRows, Change } from '../changes/change-frames.js';
import { ChangeJournal, journalBase } from '../changes/change-journal.js';
import type { Dataset } from '../dataset.js';
import type { DatasetFit } from '../fits/dataset-fit.js';
import type { RecordLookup } from '../record-lookup.js';
import { RowTable } from './row-table.js';

/** A dataset that was opened for serving. */
export interface OpenedDataset {
  dataset: Dataset;
  /** Index over the searched vectors of all answers. The collection disposes it. */
  index: VectorIndex;
  /** Settings of searches that do not say otherwise, measured for this index. */
  effort?: SearchEffort | undefined;
  /** What searches find with them. */
  recall?: MeasuredRecall | undefined;
  /** Encoder of the searched vectors, and therefore of queries. */
  encoder: Encoder;
  /** The fit that `encoder` belongs to; the collection then disposes it. Undefined if it embedded the dataset. */
  fit?: DatasetFit | undefined;
  /** The classifier of the fit; the collection disposes it. */
  classifier?: ValueClassifier | undefined;
  /** The encoder that embedded the dataset. Undefined if it is not loaded, so that the server can add no answers. */
  ownEncoder?: Encoder | undefined;
}

export interface CollectionParts extends OpenedDataset {
  records: RecordLookup;
  table: RowTable;
  /** Whether the vectors of the dataset have unit length, as far as its first rows tell. */
  isNormalised: boolean;
}

/** Rows that tell whether an encoder gives unit vectors. */
const UNIT_SAMPLE = 64;
/** Rows to search for, and the changes after which they are searched for again, as one of so many rows. */
const RECALL_SAMPLE = 500;
const RECALL_SHARE = 100;

/**
 * The answers of a dataset with their index in memory. Rows can be added and removed; each change is written to a
 * journal before it takes effect. Row numbers are those of the dataset, followed by those of added rows in order. The
 * number of a removed row is not reused.
 *
 * The journal holds the vectors of the encoder that embedded the dataset. If the index holds those of a fit, the fitted
 * encoder encodes added rows when they are added, and again when the journal is replayed.
 */
export class Collection {
  readonly #added: QaRecord[] = [];
  readonly #parts: CollectionParts;
  readonly #filters: RowFilters;
  #journal!: ChangeJournal;
  #languages: { names: number; languages: DatasetLanguages } | undefined;
  #selfRecall: { changes: number; recall: Promise<number> } | undefined;

  private constructor(parts: CollectionParts) {
    this.#parts = parts;
    this.#filters = new RowFilters(parts.table);
  }

  /** Reads the dataset files. This is the slow part of opening a collection. */
  static async prepare(opened: OpenedDataset): Promise<CollectionParts> {
    const table = new RowTable();
    const records = await opened.dataset.openRecords({ onLabels: (labels) => table.appendAll(labels) });
    return { ...opened, records, table, isNormalised: await isNormalised(opened.dataset) };
  }

  /**
   * Opens a collection and applies the changes of the journal.
   *
   * @throws EngineError like {@link ChangeJournal.open}; the parts are then discarded
   */
  static async open(parts: CollectionParts, journalPath: string, readOnly: boolean): Promise<Collection> {
    const collection = new Collection(parts);
    try {
      const base = journalBase(parts.dataset);
      collection.#journal = await ChangeJournal.open(journalPath, {
        base,
        readOnly,
        onChanges: (changes) => collection.#apply(changes).then(() => undefined),
      });
      return collection;
    } catch (error) {
      await Collection.discard(parts);
      throw error;
    }
  }

  /** Frees what a collection would own. Idempotent. */
  static async discard({
    index,
    encoder,
    fit,
    classifier,
    records,
  }: OpenedDataset & Partial<CollectionParts>): Promise<void> {
    await index.dispose();
    classifier?.dispose();
    if (fit) await encoder.dispose();
    await records?.close();
  }

  get dataset(): Dataset {
    return this.#parts.dataset;
  }

  get journal(): ChangeJournal {
    return this.#journal;
  }

  /** Encoder of queries. */
  get encoder(): Encoder {
    return this.#parts.encoder;
  }

  /** The fit whose vectors are searched. */
  get fit(): DatasetFit | undefined {
    return this.#parts.fit;
  }

  /** The classifier of the fit. */
  get classifier(): ValueClassifier | undefined {
    return this.#parts.classifier;
  }

  /** Encoder of the vectors of added rows, if it is loaded. */
  get ownEncoder(): Encoder | undefined {
    return this.#parts.ownEncoder;
  }

  /** Width of the searched vectors. */
  get dim(): number {
    return this.#parts.index.dim;
  }

  get index(): Pick<VectorIndex, 'factory' | 'metric' | 'bytes'> {
    return this.#parts.index;
  }

  /** What searches for the k nearest rows do that do not say otherwise. */
  effort(k: number): AppliedEffort {
    const { index, effort: usual } = this.#parts;
    return searchEffort(index.factory, {}, { k, usual });
  }

  /** What searches found when the index was built, if that was measured. */
  get recall(): MeasuredRecall | undefined {
    return this.#parts.recall;
  }

  /** Rows that can be found. */
  get size(): number {
    return this.#parts.index.size;
  }

  /** The number that the next added row gets. */
  get rows(): number {
    return this.#parts.table.rows;
  }

  get removed(): number {
    return this.#parts.table.removed.length;
  }

  get added(): number {
    return this.#added.length;
  }

  /** The languages of all rows, for the spelling of those to add. */
  get languages(): DatasetLanguages {
    const { names } = this.#parts.table;
    if (this.#languages?.names !== names.length) {
      const languages = new DatasetLanguages(languagesOf(names));
      this.#languages = { names: names.length, languages };
    }
    return this.#languages.languages;
  }

  valueIdOf(row: number): string {
    const { table } = this.#parts;
    return table.names[table.labels[row]!]!;
  }

  /**
   * See {@link VectorIndex.selfRecall}. The result is kept until one row in a hundred was added or removed.
   *
   * @throws EngineError the errors of the index
   */
  async selfRecall(): Promise<number> {
    const changes = this.added + this.removed;
    const kept = this.#selfRecall;
    if (kept && (changes - kept.changes) * RECALL_SHARE <= this.size) return kept.recall;
    const recall = this.#parts.index.selfRecall({ sample: RECALL_SAMPLE });
    this.#selfRecall = { changes, recall };
    recall.catch(() => (this.#selfRecall = undefined));
    return recall;
  }

  /**
   * Counts the findable rows that match a filter.
   *
   * @throws EngineError `ERR_ARG_RANGE` for a name that no row has
   */
  count(filter: ValueFilter): number {
    return this.#filters.select(filter).count;
  }

  /**
   * Finds the nearest rows that were not removed.
   *
   * @param queries [any, dim], row-major
   * @returns up to `k` neighbours per query; with a filter, at most {@link count}, which can be 0
   * @throws EngineError `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`, and the errors of the index
   */
  async search(queries: Float32Array, options: NeighbourSearchOptions): Promise<SearchResult> {
    this.expectVectors(queries, 'vectors');
    const { index, effort: usual } = this.#parts;
    return searchNeighbours(index, this.#filters, queries, { ...options, usual });
  }

  /** Lets the k nearest rows of every query vote. See {@link search}. */
  async identify(queries: Float32Array, options: NeighbourSearchOptions): Promise<Identification[]> {
    const { index, table } = this.#parts;
    const found = await this.search(queries, options);
    return rankNeighbours(found, queries.length / this.dim, index.metric, table);
  }

  /** Reads the record of a row, even if the row was removed. */
  async read(row: number): Promise<QaRecord> {
    const { dataset, records } = this.#parts;
    return row < dataset.rows ? records.read(row) : this.#added[row - dataset.rows]!;
  }

  /**
   * Rejects vectors that the index does not accept.
   *
   * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_RANGE` naming the row
   */
  expectVectors(vectors: Float32Array, name: string): void {
    const { index } = this.#parts;
    expectVectors(vectors, name, index.dim);
    expectEntries(vectors, index.dim, LARGEST_ENTRY, name);
    if (index.metric === 'ip') expectUnitRows(vectors, index.dim, name);
  }

  /**
   * Rejects an addition whose vectors the journal or the index does not accept.
   *
   * @param vectors vectors of the encoder that embedded the dataset
   * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_RANGE` naming the row
   */
  expectAddition(records: readonly QaRecord[], vectors: Float32Array): void {
    const { dataset, fit, index } = this.#parts;
    const rows = expectVectors(vectors, 'vectors', dataset.dim);
    expectEntries(vectors, dataset.dim, LARGEST_ENTRY, 'vectors');
    // Short vectors near the mean would be neighbours of everything, and break the graph of an index.
    if (this.#parts.isNormalised) expectUnitRows(vectors, dataset.dim, 'vectors', 'as those of the dataset');
    else if (!fit && index.metric === 'ip') expectUnitRows(vectors, dataset.dim, 'vectors');
    if (rows !== records.length)
      fail('ERR_SHAPE_MISMATCH', `${records.length} vectors, one per record,`, 'vectors', vectors);
  }

  /**
   * Applies changes: first on disk, then in memory. Do not overlap calls. The caller has checked the additions with
   * `expectAddition`.
   *
   * @returns for every removal, the number of its rows that existed
   * @throws EngineError `ERR_IO`: nothing was changed. Any other error: the changes are in the journal, but not in
   *   memory
   */
  async change(changes: readonly Change[]): Promise<number[]> {
    await this.#journal.append(changes);
    return this.#apply(changes);
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await Collection.discard(this.#parts);
  }

  async #apply(changes: readonly Change[]): Promise<number[]> {
    const { dataset, index, table } = this.#parts;
    const additions = changes.flatMap((change) => ('add' in change ? [change.add] : []));
    const vectors = await this.#searchedVectors(additions);
    const removals: number[][] = [];
    for (const change of changes) {
      if ('remove' in change) {
        removals.push(change.remove.filter((row) => table.remove(row)));
        continue;
      }
      const { first, records, vectors: own } = change.add;
      if (first !== table.rows || own.length !== records.length * dataset.dim) {
        throw new EngineError('ERR_DATA', `The change journal adds row ${first}, but the next row is ${table.rows}`);
      }
      // Before the vectors, so that every row that a search finds has its value id and answer.
      for (const record of records) {
        table.append(valueId(record));
        this.#added.push(record);
      }
    }
    if (vectors.length > 0) await index.add(vectors);
    const removed = removals.flat(); // can include rows that were just added
    if (removed.length > 0) await index.remove(Int32Array.from(removed));
    return removals.map(({ length }) => length);
  }

  /** Returns the vectors that the index holds for added rows. */
  async #searchedVectors(additions: readonly AddedRows[]): Promise<Float32Array> {
    const { fit, encoder } = this.#parts;
    if (!fit) return concatenate(additions.map(({ vectors }) => vectors));
    return (await encoder.encode(additions.flatMap(({ records }) => records))).embeddings;
  }
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0]!;
  const all = allocateFloat32(
    arrays.reduce((sum, { length }) => sum + length, 0),
    'the embeddings',
  );
  let offset = 0;
  for (const array of arrays) {
    all.set(array, offset);
    offset += array.length;
  }
  return all;
}

/** Whether the first rows of a dataset have unit length. */
async function isNormalised(dataset: Dataset): Promise<boolean> {
  for await (const batch of dataset.embeddingBatches(UNIT_SAMPLE)) return haveUnitLength(batch, dataset.dim);
  return false;
}
