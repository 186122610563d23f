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
import { readIntact } from './shards/shard-files.js';
import { ShardReader } from './shards/shard-reader.js';
import type { ValueIdColumn } from './shards/value-id-column.js';
import { writeShard } from './shards/write-shard.js';

export interface PartialOptions {
  overwrite: boolean;
  /** Manifest of the complete dataset to add to; the caller has checked that it fits. */
  base: DatasetManifest | undefined;
  /** Receives the value ids of each existing shard, including the shards of the base. */
  onColumn: (column: ValueIdColumn) => void;
}

/**
 * The shards of an unfinished dataset, and the journal that names the complete ones. The name of the shard folder
 * depends on its contents, so that the shards of a dataset being replaced stay intact until the manifest changes. The
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

  /** Number of complete rows, including those of the base. */
  get rows(): number {
    return this.#rows;
  }

  /** Name of the folder of the new shards. */
  get folder(): string {
    return this.header.folder;
  }

  /**
   * Resumes an earlier run with the same configuration, or starts a new one.
   *
   * @throws EngineError `ERR_DATA` if the folder holds something else and `overwrite` is not set, `ERR_IO`
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
    // A journal whose shards are in the manifest was left by a writer that was killed after its last step.
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

  /** Rewrites the journal with those of its shards that are complete. */
  async #start(shards: readonly ShardEntry[], onColumn: (column: ValueIdColumn) => void): Promise<void> {
    const first = Buffer.from(journalHeader(this.header));
    await this.#writeJournal(first);
    for (const shard of shards) {
      if (!(await readIntact(this.dir, shard.records)) || !(await readIntact(this.dir, shard.embeddings))) break;
      await this.#writeJournal(Buffer.from(journalLine(await this.#take(shard, onColumn))));
    }
    await withFileErrors(`write ${this.dir}`, () => this.journal.truncate(this.#journalBytes));
  }

  /** Registers an existing shard and its column, which is written if it is missing. */
  async #take(shard: ShardEntry, onColumn: (column: ValueIdColumn) => void): Promise<ShardEntry> {
    const complete = await ensureColumn(this.dir, shard);
    onColumn(complete.column);
    this.#count(complete.shard);
    return complete.shard;
  }

  /** Writes one shard. If it fails, nothing has changed and the call can be repeated. */
  async append(embeddings: Uint8Array, records: ShardRecords): Promise<void> {
    const { folder, configuration } = this.header;
    const stem = `${folder}/${shardStem(this.#shards.length - (this.base?.shards.length ?? 0))}`;
    const hint = `${this.#rows} rows are safe; the same call resumes after them`;
    const shard = await writeShard(this.dir, { stem, form: configuration, records, embeddings: [embeddings], hint });
    await this.#writeJournal(Buffer.from(journalLine(shard)), hint);
    this.#count(shard);
  }

  /** Reads complete embeddings, starting at row `row`. */
  async read(row: number, out: Float32Array): Promise<void> {
    await this.#reader.read(row, out);
  }

  /**
   * Publishes the manifest. Until then the run can be resumed, and a dataset that is being replaced or extended stays
   * intact. Afterwards, removes all files that the manifest does not name.
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

/** @param other the requested configuration, if the journal has a different one */
async function refuseToReplace(
  dir: string,
  journal: Journal | undefined,
  other: DatasetConfiguration | undefined,
  base: DatasetManifest | undefined,
): Promise<void> {
  const refuse = (what: string, remedies = REPLACE_FOLDER): never => {
    throw new EngineError('ERR_DATA', `The folder ${dir} already holds ${what}`, { remedies });
  };
  if (base) {
    // A journal for a different base is obsolete.
    if (journal && other && journal.base === (await manifestSum(dir))) {
      refuse(`an unfinished addition that differs in ${differences(journal.configuration, other)}`, [
        { text: 'complete it with the command that started it' },
        { text: `discard it by deleting ${join(dir, JOURNAL_FILE)}` },
      ]);
    }
    return;
  }
  if (existsSync(join(dir, MANIFEST_FILE))) refuse('a complete dataset');
  if (journal && other) refuse(`an unfinished dataset that differs in ${differences(journal.configuration, other)}`);
  const foreign = Object.values(SINGLE_FILES).find((name) => existsSync(join(dir, name)));
  if (!journal && foreign !== undefined) refuse(`${foreign} without a manifest`);
}

/** Lists the names of the fields that differ between two configurations. */
export function differences(there: DatasetConfiguration, wanted: DatasetConfiguration): string {
  const names = Object.keys(wanted) as (keyof DatasetConfiguration)[];
  return names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(there[name])).join(', ');
}
