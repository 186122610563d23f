/**
 * Messages between the planner and the workers of `univar embed`. Redis only has the list of shards to compute; texts
 * and results are files.
 */
import type { EncoderBackend, EncoderPrecision } from '../encoder/encoder.js';

/** The encoder that all workers must have, and its settings. */
export interface JobEncoder {
  name: string;
  fingerprint: string;
  maxTokens: number;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  /** Tokens per batch; null for the default of the backend. Other batch sizes round differently. */
  batchTokens: number | null;
}

export interface ShardJob {
  /** Parent of the work folder, by its path on the planner's machine: the dataset folder or the exchange folder. */
  root: string;
  /** Whether `root` is the exchange folder. Both folders can have other paths on the worker's machine. */
  exchange: boolean;
  /** Name of the work folder. */
  folder: string;
  /** Number of the shard. */
  shard: number;
  /** Number of texts in the shard. */
  texts: number;
  dim: number;
  encoder: JobEncoder;
}

export const QUEUE_NAME = 'univar-embed';
