import type { QaRecord } from '../../records/record.js';
import { shardStem } from '../journal.js';
import type { DatasetConfiguration, ShardEntry } from '../manifest.js';
import { embeddingsToBytes } from './embedding-bytes.js';
import { ShardRecords } from './record-file.js';
import { writeShard } from './write-shard.js';

/** Approximate rows of a shard: rows that are appended together stay together. */
const SHARD_ROWS = 16_384;

/** Collects appended rows into shards of one folder. */
export class ShardFolder {
  #records = new ShardRecords();
  #embeddings: Uint8Array[] = [];
  #written = 0;

  /**
   * @param folder existing folder within `dir`
   * @param onShard receives every shard once it is on disk
   */
  constructor(
    private readonly dir: string,
    private readonly folder: string,
    private readonly form: Pick<DatasetConfiguration, 'dim' | 'dtype'>,
    private readonly onShard: (shard: ShardEntry) => void,
  ) {}

  /** Number of shards on disk. */
  get shards(): number {
    return this.#written;
  }

  /**
   * Appends rows. Writes a shard when enough rows have been collected.
   *
   * @param embeddings [records.length, dim]
   * @throws EngineError `ERR_NON_FINITE`, `ERR_ARG_RANGE` for values beyond f16, `ERR_IO`
   */
  async append(records: readonly QaRecord[], embeddings: Float32Array): Promise<void> {
    this.#embeddings.push(embeddingsToBytes(embeddings, this.form.dim, this.form.dtype));
    this.#records.add(records);
    if (this.#records.rows >= SHARD_ROWS) await this.flush();
  }

  /** Writes the remaining rows as a shard. */
  async flush(): Promise<void> {
    if (this.#records.rows === 0) return;
    const shard = await writeShard(this.dir, {
      stem: `${this.folder}/${shardStem(this.#written)}`,
      form: this.form,
      records: this.#records,
      embeddings: this.#embeddings,
    });
    [this.#records, this.#embeddings] = [new ShardRecords(), []];
    this.#written++;
    this.onShard(shard);
  }
}
