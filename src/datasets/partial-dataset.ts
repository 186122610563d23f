import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { makeFolder } from '../core/make-folder.js';
import { writeFully } from '../core/positioned-io.js';
import { removeUnfinished } from '../core/replace-file.js';
import { REPLACE_FOLDER } from './added-sources.js';
import { clear, isInUse, manifestSum, newShardFolder, publishManifest } from './dataset-files.js';
import {
  JOURNAL_FILE,
  type Journal,
  type JournalHeader,
  journalHeader,
  journalLine,
  readJournal,
  shardStem,
} from './journal.js';
import {
  type DatasetConfiguration,
  type DatasetManifest,
  MANIFEST_FILE,
  type ShardEntry,
  SINGLE_FILES,
} from './manifest.js';
import { ensureColumn } from './shards/column-files.js';
import type { ShardRecords } from './shards/record-file.js';
import { readIntact, ShardReader } from './shards/shard-files.js';
import type { ValueIdColumn } from './shards/value-id-column.js';
import { writeShard } from './shards/write-shard.js';

export interface PartialOptions {
  overwrite: boolean;
  /** The complete dataset that is added to, checked to fit. */
  base: DatasetManifest | undefined;
  /** Receives the value ids of each shard that is there already, those of the base included. */
  onColumn: (column: ValueIdColumn) => void;
}

/**
 * The shards of a dataset that is not complete yet, in a folder whose name depends on what is written, so that those of
 * a dataset that is replaced stay whole until the manifest changes, and the journal that names those that count. The
 * caller holds the lock of the dataset folder.
 */
export class PartialDataset {
  readonly #shards: ShardEntry[] = [];
  #rows = 0;
  #journalBytes = 0;
  readonly #reader: ShardReader;

  private constructor(
    private readonly dir: string,
    private readonly header: JournalHeader,
    private readonly base: DatasetManifest | undefined,
    private readonly journal: FileHandle,
  ) {
    this.#reader = new ShardReader(dir, header.configuration.dim, header.configuration.dtype, []);
  }

  /** Rows that are whole, those of the base included. */
  get rows(): number {
    return this.#rows;
  }

  /** Name of the folder of the new shards. */
  get folder(): string {
    return this.header.folder;
  }

  /**
   * Continues what an earlier process of the same configuration left in the folder, or starts anew.
   *
   * @throws EngineError `ERR_DATA` where the folder holds something else and `overwrite` is not given, `ERR_IO`
   */
  static async open(
    dir: string,
    configuration: DatasetConfiguration,
    { overwrite, base, onColumn }: PartialOptions,
  ): Promise<PartialDataset> {
    const journalPath = join(dir, JOURNAL_FILE);
    const found = await readJournal(journalPath);
    const sum = base ? await manifestSum(dir) : '';
    const isSame = found?.base === sum && JSON.stringify(found.configuration) === JSON.stringify(configuration);
    if (!overwrite) await refuseToReplace(dir, found, isSame ? undefined : configuration, base);
    // A journal of shards that the manifest names is what a writer left that was killed behind its last step.
    const resumed = isSame && !(await isInUse(dir, found.folder)) ? found : undefined;
    const header = resumed ?? { configuration, base: sum, folder: await newShardFolder(dir, [configuration, sum]) };
    if (!resumed) await withFileErrors(`write ${dir}`, () => clear(dir, header.folder));
    const folder = join(dir, header.folder);
    await makeFolder(folder);
    await removeUnfinished(folder);
    const journal = await withFileErrors(`write ${journalPath}`, () => open(journalPath, resumed ? 'r+' : 'w+'));
    try {
      const dataset = new PartialDataset(dir, header, base, journal);
      for (const shard of base?.shards ?? []) await dataset.#take(shard, onColumn);
      await dataset.#start(resumed?.shards ?? [], onColumn);
      return dataset;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** Writes the journal anew with those of its shards that are whole. */
  async #start(shards: readonly ShardEntry[], onColumn: (column: ValueIdColumn) => void): Promise<void> {
    const first = Buffer.from(journalHeader(this.header));
    await this.#writeJournal(first);
    for (const shard of shards) {
      if (!(await readIntact(this.dir, shard.records)) || !(await readIntact(this.dir, shard.embeddings))) break;
      await this.#writeJournal(Buffer.from(journalLine(await this.#take(shard, onColumn))));
    }
    await withFileErrors(`write ${this.dir}`, () => this.journal.truncate(this.#journalBytes));
  }

  /** Takes a shard that is there already, with its column, which is written if it is missing. */
  async #take(shard: ShardEntry, onColumn: (column: ValueIdColumn) => void): Promise<ShardEntry> {
    const complete = await ensureColumn(this.dir, shard);
    onColumn(complete.column);
    this.#count(complete.shard);
    return complete.shard;
  }

  /** Writes one shard. When it fails nothing has changed, and it may be tried again. */
  async append(embeddings: Uint8Array, records: ShardRecords): Promise<void> {
    const { folder, configuration } = this.header;
    const stem = `${folder}/${shardStem(this.#shards.length - (this.base?.shards.length ?? 0))}`;
    const hint = `${this.#rows} rows are safe, and the same call goes on after them`;
    const shard = await writeShard(this.dir, { stem, form: configuration, records, embeddings: [embeddings], hint });
    await this.#writeJournal(Buffer.from(journalLine(shard)), hint);
    this.#count(shard);
  }

  /** Reads embeddings that are whole, from row `row` on. */
  async read(row: number, out: Float32Array): Promise<void> {
    await this.#reader.read(row, out);
  }

  /**
   * Puts the manifest there. Up to that moment the folder can be continued, and a complete dataset that is being
   * replaced or added to stays whole; afterwards, what the manifest does not name is removed.
   */
  async complete(toManifest: (shards: ShardEntry[]) => DatasetManifest): Promise<DatasetManifest> {
    const manifest = toManifest(this.#shards);
    await this.close();
    await publishManifest(this.dir, manifest, this.header.folder);
    return manifest;
  }

  /** Closes the files and leaves them as they are. Idempotent. */
  async close(): Promise<void> {
    await this.#reader.close();
    await this.journal.close();
  }

  #count(shard: ShardEntry): void {
    this.#shards.push(shard);
    this.#rows += shard.rows;
    this.#reader.push(shard);
  }

  async #writeJournal(line: Buffer, hint?: string): Promise<void> {
    await withFileErrors(
      `write ${join(this.dir, JOURNAL_FILE)}`,
      () => writeFully(this.journal, line, this.#journalBytes),
      hint,
    );
    this.#journalBytes += line.length;
  }
}

/** @param other the wanted configuration where the journal has another one */
async function refuseToReplace(
  dir: string,
  journal: Journal | undefined,
  other: DatasetConfiguration | undefined,
  base: DatasetManifest | undefined,
): Promise<void> {
  const refuse = (what: string, remedies = REPLACE_FOLDER): never => {
    throw new EngineError('ERR_DATA', `The folder ${dir} holds ${what}`, { remedies });
  };
  if (base) {
    // The journal of another base is as old as that.
    if (journal && other && journal.base === (await manifestSum(dir))) {
      refuse(`a half-written addition that differs in ${differences(journal.configuration, other)}`, [
        { text: 'complete it by the command that began it' },
        { text: `give it up by deleting ${join(dir, JOURNAL_FILE)}` },
      ]);
    }
    return;
  }
  if (existsSync(join(dir, MANIFEST_FILE))) refuse('a complete dataset already');
  if (journal && other) refuse(`a half-written dataset that differs in ${differences(journal.configuration, other)}`);
  const foreign = Object.values(SINGLE_FILES).find((name) => existsSync(join(dir, name)));
  if (!journal && foreign !== undefined) refuse(`${foreign} without a manifest`);
}

/** The parts of two configurations that differ, by name. */
export function differences(there: DatasetConfiguration, wanted: DatasetConfiguration): string {
  const names = Object.keys(wanted) as (keyof DatasetConfiguration)[];
  return names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(there[name])).join(', ');
}
