import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { settledWithin } from '../core/time-limit.js';
import type { Encoder } from '../encoder/encoder.js';
import { loadEncoder } from '../encoder/load-encoder.js';
import type { RedisConnection } from './redis.js';
import { RedisLink } from './redis-link.js';
import { type JobEncoder, QUEUE_NAME, type ShardJob } from './shard-job.js';
import { takeJobs } from './take-jobs.js';
import { isWorkFolder, WorkFiles } from './work-files.js';

const DISPOSE_MS = 500;

export interface ShardWorkerOptions {
  connection: RedisConnection;
  /** Encoder folder on this machine. */
  encoder: string;
  /** Path of the dataset folder on this machine. @default its path on the planner's machine */
  out?: string | undefined;
  /** Path of the exchange folder on this machine. @default its path on the planner's machine */
  exchange?: string | undefined;
  /** Seconds after which the shard of a silent worker goes to another one. */
  lease: number;
  /** When it fires, the worker stops. It has two seconds for its current shard; otherwise another worker gets it. */
  signal: AbortSignal;
  /** Receives messages for the user. */
  onNotice: (text: string) => void;
  onShard: (shard: number, texts: number, seconds: number) => void;
}

/** A worker of `univar embed --queue`: takes shards from the queue one at a time, and writes the results to files. */
export class ShardWorker {
  #encoder: { key: string; loaded: Encoder } | undefined;
  #shards = 0;

  private constructor(private readonly options: ShardWorkerOptions) {}

  /**
   * Works until the signal fires.
   *
   * @returns the number of shards that it computed
   * @throws EngineError `ERR_DATA` if the encoder is not the one of a job, or if the folder does not exist
   */
  static async run(options: ShardWorkerOptions): Promise<number> {
    const worker = new ShardWorker(options);
    const { connection, lease, signal, onNotice } = options;
    const link = await RedisLink.open({ connection, onNotice });
    try {
      await takeJobs(
        { connection, name: QUEUE_NAME, concurrency: 1, lease, signal, isJob },
        (job: ShardJob, deadline) => worker.#do(job, deadline),
      );
    } finally {
      link.close();
      // A batch that was interrupted may need longer to end than the process has.
      await settledWithin(worker.#encoder?.loaded.dispose() ?? Promise.resolve(), DISPOSE_MS);
    }
    return worker.#shards;
  }

  async #do(job: ShardJob, signal: AbortSignal): Promise<void> {
    const { root, exchange, folder, shard, texts: count, dim, encoder: wanted } = job;
    const files = new WorkFiles(join((exchange ? this.options.exchange : this.options.out) ?? root, folder));
    // Another worker may have finished the shard and then died or stalled before it reported that.
    if (await files.readResult(shard, count, dim)) return;
    const started = performance.now();
    const texts = await files.readTexts(shard, count);
    if (!texts) return;
    const encoder = await this.#encoderFor(wanted);
    const { embeddings, tokens } = await encoder.encode(texts, { signal });
    await files.writeResult(shard, dim, { embeddings, tokens });
    this.#shards++;
    this.options.onShard(shard, count, (performance.now() - started) / 1000);
  }

  async #encoderFor(wanted: JobEncoder): Promise<Encoder> {
    const key = JSON.stringify(wanted);
    if (this.#encoder?.key === key) return this.#encoder.loaded;
    await this.#encoder?.loaded.dispose();
    this.#encoder = undefined;
    const { name, fingerprint, maxTokens, backend, precision, batchTokens } = wanted;
    const loaded = await loadEncoder(this.options.encoder, {
      maxTokens,
      backend,
      precision,
      batchTokens: batchTokens ?? undefined,
    });
    if (loaded.fingerprint !== fingerprint) {
      await loaded.dispose();
      throw new EngineError(
        'ERR_DATA',
        `The jobs need the encoder "${name}" with the fingerprint ${fingerprint.slice(0, 12)}, ` +
          `but ${this.options.encoder} has ${loaded.fingerprint.slice(0, 12)}`,
        { remedies: [{ text: 'name the right folder', option: { name: 'encoder', value: '...' } }] },
      );
    }
    this.#encoder = { key, loaded };
    return loaded;
  }
}

function isJob({ folder, shard, texts, dim }: ShardJob): boolean {
  return isWorkFolder(folder) && [shard, texts, dim].every(Number.isSafeInteger);
}
