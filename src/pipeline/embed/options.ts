import {
  expectArray,
  expectBoolean,
  expectCallbacks,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectPath,
  expectSignal,
  expectString,
} from '../../core/validate.js';
import type { EmbeddingType } from '../../datasets/shards/embedding-bytes.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import type { ReadOptions } from '../../records/read-options.js';

/**
 * Large enough for batches of similar lengths and for few files; small enough that an interruption loses about a minute
 * of work.
 */
export const DEFAULT_SHARD_ROWS = 4096;

/** Workers that embed in place of this process. Each is a `univar worker` process that uses the same Redis. */
export interface EmbedWorkers {
  /** URL of Redis. */
  redis: string;
  /** Folder for texts and results that the workers can reach, such as a mounted bucket. @default the dataset folder */
  exchange?: string | undefined;
}

/** Callbacks during `embedDataset`. */
export interface EmbedEvents {
  /** Receives the number of answers read so far in the first pass, which checks and counts all answers. */
  onRead?: ((rows: number) => void) | undefined;
  /** Called once, before the first answer is embedded. */
  onStart?: ((plan: EmbedPlan) => void) | undefined;
  /** Receives the number of dataset rows embedded so far, out of `plan.rows`. With workers, in any order. */
  onProgress?: ((rows: number) => void) | undefined;
  /** Receives the number of answers that have a vector of the fitted encoder so far, if the dataset has a fit. */
  onFitProgress?: ((rows: number) => void) | undefined;
  /** Receives the number of fitted vectors added to their index so far. */
  onIndexProgress?: ((rows: number) => void) | undefined;
  /** Receives notices about the workers, meant for people. */
  onNotice?: ((text: string) => void) | undefined;
  /** Receives the number of connected workers whenever it changes. Without workers, there is no progress. */
  onWorkers?: ((count: number) => void) | undefined;
}

/** What `embedDataset` is about to do. */
export interface EmbedPlan {
  /** Rows of the complete dataset. */
  rows: number;
  /** Rows of the dataset before this run. */
  baseRows: number;
  /** New rows that an interrupted run has already embedded. */
  resumedRows: number;
}

/** Options of `embedDataset`. */
export interface EmbedDatasetOptions {
  /** JSONL, CSV and Parquet files, or folders of them. Each row has a question, an answer, a model and a language. */
  inputs: readonly string[];
  /** Dataset folder. Resumes an interrupted run; adds the answers of new inputs to a complete dataset. */
  out: string;
  /** Encoder folder. @default the encoder that comes with the package */
  encoder?: string | undefined;
  backend?: EncoderBackend | 'auto' | undefined;
  precision?: EncoderPrecision | undefined;
  /** Token limit. Longer texts are truncated, the question before the answer. @default the encoder's own limit */
  maxTokens?: number | undefined;
  /** Tokens per batch of the encoder. */
  batchTokens?: number | undefined;
  /** Type of the stored embeddings. @default 'f32' */
  dtype?: EmbeddingType | undefined;
  /** Names of the columns that hold the fields of a record, for fields whose column has a different name. */
  columns?: ReadOptions['columns'];
  /** Model and language of rows that have none. */
  defaults?: ReadOptions['defaults'];
  /** Fields that rows need not have. Answers without questions are embedded alone. @default none */
  optional?: ReadOptions['optional'];
  /** @default chosen by the extension of each file */
  format?: ReadOptions['format'];
  /** Skips bad rows and writes them to rejects.jsonl in the dataset folder. @default false */
  skipBad?: boolean | undefined;
  /** Answers that are embedded and saved together. An interruption loses at most this many. @default 4096 */
  shardRows?: number | undefined;
  /** Treats the inputs as additions: those of the complete dataset need not be listed. @default false */
  add?: boolean | undefined;
  /** Replaces a complete dataset and removes its fit, or replaces an unfinished one. @default false */
  overwrite?: boolean | undefined;
  /** @default this process embeds */
  workers?: EmbedWorkers | undefined;
  signal?: AbortSignal | undefined;
  events?: EmbedEvents | undefined;
}

/** The options with those defaults that do not depend on the inputs. */
export type ResolvedOptions = EmbedDatasetOptions & {
  encoder: string;
  shardRows: number;
  signal: AbortSignal;
  events: EmbedEvents;
};

const KEYS = [
  'inputs',
  'out',
  'encoder',
  'backend',
  'precision',
  'maxTokens',
  'batchTokens',
  'dtype',
  'columns',
  'defaults',
  'optional',
  'format',
  'skipBad',
  'shardRows',
  'add',
  'overwrite',
  'workers',
  'signal',
  'events',
] as const satisfies readonly (keyof EmbedDatasetOptions)[];

const EVENTS = [
  'onRead',
  'onStart',
  'onProgress',
  'onFitProgress',
  'onIndexProgress',
  'onNotice',
  'onWorkers',
] as const satisfies readonly (keyof EmbedEvents)[];

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` */
export function resolveOptions(options: EmbedDatasetOptions): ResolvedOptions {
  const given = expectOptions(options, 'options', KEYS) as EmbedDatasetOptions;
  expectArray(given.inputs, 'inputs', expectPath);
  expectPath(given.out, 'out');
  expectSignal(given.signal, 'signal');
  expectBoolean(given.add ?? false, 'add');
  expectBoolean(given.overwrite ?? false, 'overwrite');
  expectCallbacks(given.events, 'events', EVENTS);
  expectWorkers(given.workers);
  if (given.dtype !== undefined) expectOneOf(given.dtype, 'dtype', ['f32', 'f16']);
  return {
    ...given,
    encoder: expectPath(given.encoder ?? DEFAULT_ENCODER, 'encoder'),
    shardRows: expectInteger(given.shardRows ?? DEFAULT_SHARD_ROWS, 'shardRows', 1),
    signal: given.signal ?? new AbortController().signal,
    events: given.events ?? {},
  };
}

function expectWorkers(workers: unknown): void {
  if (workers === undefined) return;
  const { redis, exchange } = expectOptions(workers, 'workers', ['redis', 'exchange']);
  expectString(redis, 'workers.redis');
  if (exchange !== undefined) expectPath(exchange, 'workers.exchange');
}
