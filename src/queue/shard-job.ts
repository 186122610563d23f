/**
 * What planner and workers tell each other: through Redis only which shards there are to do; texts and results are
 * files.
 */
import type { EncoderBackend, EncoderPrecision } from '../encoder/encoder.js';

/** The encoder that all workers must have, and how it computes. */
export interface JobEncoder {
  name: string;
  fingerprint: string;
  maxTokens: number;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  /** null: as the encoder's backend likes it. Other batches round differently. */
  batchTokens: number | null;
}

export interface ShardJob {
  /** What holds the folder of the work, as the planner sees it: the dataset folder, or the exchange. */
  root: string;
  /** Which of them, as both may have other names on the worker's machine. */
  exchange: boolean;
  /** Folder of the work within it. */
  folder: string;
  /** Number of the shard. */
  shard: number;
  /** Texts in it. */
  texts: number;
  dim: number;
  encoder: JobEncoder;
}

export const QUEUE_NAME = 'univar-embed';
