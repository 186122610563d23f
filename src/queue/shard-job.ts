/**
 * Messages between the planner and the workers of `univar embed`. Redis only has the list of runs and of shards to
 * compute; texts and results are files.
 */
import { createHash } from 'node:crypto';

import type { EncoderBackend, EncoderPrecision } from '../encoder/encoder.js';
import { OWN_VERSION, QUEUE_PROTOCOL, type RunBase } from './run-registry.js';
import { isWorkFolder } from './work-files.js';

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

/** What all jobs of a run share. */
export interface EmbedPlace {
  /** Parent of the work folder, by its path on the planner's machine: the dataset folder or the exchange folder. */
  root: string;
  /** Whether `root` is the exchange folder. Both folders can have other paths on the worker's machine. */
  exchange: boolean;
  /** Name of the work folder. */
  folder: string;
  dim: number;
  encoder: JobEncoder;
}

export interface EmbedRun extends RunBase, EmbedPlace {
  kind: 'embed';
}

export interface ShardJob {
  /** Number of the shard. */
  shard: number;
  /** Number of texts in the shard. */
  texts: number;
}

/** Describes a run. Its queue is named by protocol, encoder and dataset, so that no other run gets its jobs. */
export function embedRun(name: string, place: EmbedPlace): EmbedRun {
  const { root, folder, encoder } = place;
  const dataset = createHash('sha256').update(`${root}\n${folder}`).digest('hex').slice(0, 12);
  const queue = `univar-embed-${QUEUE_PROTOCOL}-${encoder.fingerprint.slice(0, 12)}-${dataset}`;
  return { kind: 'embed', queue, name, ...OWN_VERSION, ...place };
}

/** Returns the run if an entry of this protocol is one. Anyone who can write to Redis can write anything. */
export function parseEmbedRun(run: RunBase): EmbedRun | undefined {
  const { root, folder, dim, encoder } = run as Partial<EmbedRun>;
  const isRun =
    typeof root === 'string' && isWorkFolder(folder) && Number.isSafeInteger(dim) && typeof encoder === 'object';
  return isRun ? (run as EmbedRun) : undefined;
}

export function isShardJob({ shard, texts }: ShardJob): boolean {
  return [shard, texts].every(Number.isSafeInteger);
}
