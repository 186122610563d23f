import type { QaRecord } from '../../records/record.js';
import { shardStem } from '../journal.js';
import type { DatasetConfiguration, ShardEntry } from '../manifest.js';
import { embeddingsToBytes } from './embedding-bytes.js';
import { ShardRecords } from './record-file.js';
import { writeShard } from './write-shard.js';

/** Rows of a shard, about: what comes together stays together. */
const SHARD_ROWS = 16_384;

/** Writes rows that come in any number as shards of one folder. */
export class ShardFolder {
  #records = new ShardRecords();
  #embeddings: Uint8Array[] = [];
  #written = 0;

  /**
   * @param folder within `dir`; it exists
   * @param onShard receives every shard once it is on the disk
   */
  constructor(
    private readonly dir: string,
    private readonly folder: string,
    private readonly form: Pick<DatasetConfiguration, 'dim' | 'dtype'>,
    private readonly onShard: (shard: ShardEntry) => void,
  ) {}

  /** Shards that are on the disk. */
  get shards(): number {
    return this.#written;
  }

  /**
   * Takes rows, and writes those that are a shard together.
   *
   * @param embeddings [records.length, dim]
   * @throws EngineError `ERR_NON_FINITE`, `ERR_ARG_RANGE` for values beyond f16, `ERR_IO`
   */
  async append(records: readonly QaRecord[], embeddings: Float32Array): Promise<void> {
    this.#embeddings.push(embeddingsToBytes(embeddings, this.form.dim, this.form.dtype));
    this.#records.add(records);
    if (this.#records.rows >= SHARD_ROWS) await this.flush();
  }

  /** Writes what is left. */
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
