import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { settledWithin } from '../core/time-limit.js';
import type { Encoder } from '../encoder/encoder.js';
import type { EncoderPlan } from '../encoder/encoder-plan.js';
import { planEncoder } from '../encoder/plan-encoder.js';
import type { RedisConnection } from './redis.js';
import { serveRuns } from './serve-runs.js';
import { type EmbedRun, isShardJob, type JobEncoder, parseEmbedRun, type ShardJob } from './shard-job.js';
import { WorkFiles } from './work-files.js';

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
  /** Receives messages for the user, for example why the worker does not work for a run. */
  onNotice: (text: string) => void;
  onShard: (shard: number, texts: number, seconds: number) => void;
}

/** A checked encoder folder, with the settings of a run. */
interface PlannedEncoder {
  plan: EncoderPlan;
  fingerprint: string;
}

/**
 * A worker of `univar embed --queue`: takes the shards of runs with its encoder, one at a time, and writes the results
 * to files.
 */
export class ShardWorker {
  /** Checked folders, or why they cannot be used, by settings. */
  readonly #plans = new Map<string, Promise<PlannedEncoder | string>>();
  #encoder: { key: string; loaded: Encoder } | undefined;
  #shards = 0;

  private constructor(private readonly options: ShardWorkerOptions) {}

  /**
   * Works until the signal fires.
   *
   * @returns the number of shards that it computed
   * @throws EngineError `ERR_DATA` for files of a run with other content than announced; `ERR_IO`, `ERR_REMOTE`, and
   *   like `planEncoder` if the folder is no encoder
   */
  static async run(options: ShardWorkerOptions): Promise<number> {
    const { connection, encoder, lease, signal, onNotice } = options;
    await planEncoder(encoder);
    const worker = new ShardWorker(options);
    try {
      await serveRuns({
        connection,
        kind: 'embed',
        concurrency: 1,
        lease,
        signal,
        onNotice,
        parseRun: parseEmbedRun,
        whyNot: (run: EmbedRun) => worker.#whyNot(run),
        isJob: isShardJob,
        work: (run, job: ShardJob, deadline) => worker.#do(run, job, deadline),
      });
    } finally {
      // A batch that was interrupted may need longer to end than the process has.
      await settledWithin(worker.#encoder?.loaded.dispose() ?? Promise.resolve(), DISPOSE_MS);
    }
    return worker.#shards;
  }

  /** Returns why this machine cannot work for a run; undefined if it can. */
  async #whyNot(run: EmbedRun): Promise<string | undefined> {
    const folder = this.#workFolder(run);
    if (!existsSync(folder))
      return `the folder ${folder} does not exist on this machine; give the local path of ${
        run.exchange ? 'the exchange folder (--exchange)' : 'the dataset folder (--out)'
      }`;
    const planned = await this.#plan(run.encoder);
    if (typeof planned === 'string') return planned;
    const { name, fingerprint } = run.encoder;
    if (planned.fingerprint === fingerprint) return undefined;
    return (
      `it needs the encoder "${name}" with the fingerprint ${fingerprint.slice(0, 12)}, ` +
      `but ${this.options.encoder} has ${planned.fingerprint.slice(0, 12)}; name the right folder (--encoder)`
    );
  }

  async #do(run: EmbedRun, { shard, texts: count }: ShardJob, signal: AbortSignal): Promise<void> {
    const { dim } = run;
    const files = new WorkFiles(this.#workFolder(run));
    // Another worker may have finished the shard and then died or stalled before it reported that.
    if (await files.readResult(shard, count, dim)) return;
    const started = performance.now();
    const texts = await files.readTexts(shard, count);
    if (!texts) return;
    const encoder = await this.#encoderFor(run.encoder);
    const { embeddings, tokens } = await encoder.encode(texts, { signal });
    await files.writeResult(shard, dim, { embeddings, tokens });
    this.#shards++;
    this.options.onShard(shard, count, (performance.now() - started) / 1000);
  }

  #workFolder({ root, exchange, folder }: EmbedRun): string {
    return join((exchange ? this.options.exchange : this.options.out) ?? root, folder);
  }

  async #encoderFor(wanted: JobEncoder): Promise<Encoder> {
    const key = JSON.stringify(wanted);
    if (this.#encoder?.key === key) return this.#encoder.loaded;
    await this.#encoder?.loaded.dispose();
    this.#encoder = undefined;
    const { plan } = (await this.#plan(wanted)) as PlannedEncoder; // otherwise the run would not be served
    this.#encoder = { key, loaded: await plan.load() };
    return this.#encoder.loaded;
  }

  /** Checks the encoder folder with the settings of a run, once. Returns why it cannot be used, if it cannot. */
  #plan({ maxTokens, backend, precision, batchTokens }: JobEncoder): Promise<PlannedEncoder | string> {
    const settings = { maxTokens, backend, precision, batchTokens: batchTokens ?? undefined };
    const key = JSON.stringify(settings);
    const planned =
      this.#plans.get(key) ??
      planEncoder(this.options.encoder, settings).then(
        async (plan) => ({ plan, fingerprint: await plan.fingerprint() }),
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    this.#plans.set(key, planned);
    return planned;
  }
}
