import type { QaRecord } from '../../records/record.js';
import { recordLine } from '../dataset-writer.js';
import { shardStem } from '../journal.js';
import type { DatasetConfiguration, ShardEntry } from '../manifest.js';
import { embeddingsToBytes } from './embedding-bytes.js';
import { npyHeader } from './npy.js';
import { writeWhole } from './shard-files.js';

/** Rows of a shard, about: what comes together stays together. */
const SHARD_ROWS = 16_384;

/** Writes rows that come in any number as shards of one folder. */
export class ShardFolder {
  #lines: Buffer[] = [];
  #embeddings: Uint8Array[] = [];
  #rows = 0;
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
    this.#lines.push(Buffer.from(records.map(recordLine).join('')));
    this.#embeddings.push(embeddingsToBytes(embeddings, this.form.dim, this.form.dtype));
    this.#rows += records.length;
    if (this.#rows >= SHARD_ROWS) await this.flush();
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    if (this.#rows === 0) return;
    const stem = `${this.folder}/${shardStem(this.#written)}`;
    const { dim, dtype } = this.form;
    const embeddings = await writeWhole(this.dir, `${stem}.npy`, [
      npyHeader(this.#rows, dim, dtype),
      ...this.#embeddings,
    ]);
    const records = await writeWhole(this.dir, `${stem}.jsonl`, this.#lines);
    const shard = { rows: this.#rows, embeddings, records };
    [this.#lines, this.#embeddings, this.#rows] = [[], [], 0];
    this.#written++;
    this.onShard(shard);
  }
}
