import type { DatasetWriter } from '../../datasets/dataset-writer.js';
import type { Encoder, EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { type LoadEncoderOptions, planEncoder } from '../../encoder/plan-encoder.js';
import type { PlannedShard } from './shards.js';

/** Embeddings of the fresh texts of a shard, [fresh, dim], and how many tokens these have. */
export interface EncodedShard {
  embeddings: Float32Array;
  tokens: number;
}

/** Who computes shards: this process, or workers on any machines. */
export interface ShardEncoder {
  /** Shards that are asked for before the first of them is awaited. */
  readonly depth: number;
  /** Seconds so far in which this process's encoder had nothing to compute; undefined where others compute. */
  readonly idleSeconds?: number;
  /** Tells of a shard before any of them is asked for, so that others can begin with it. */
  announce?(shard: PlannedShard): Promise<void>;
  /** @param onProgress receives the number of texts done */
  encode(shard: PlannedShard, onProgress: (texts: number) => void): Promise<EncodedShard>;
  /** Lets go of what the computation left, when the dataset is complete. */
  finish?(): Promise<void>;
}

/** The encoder as far as it is known before its weights are loaded. */
export interface EncoderDescription {
  name: string;
  fingerprint: string;
  dim: number;
  maxTokens: number;
  backend: EncoderBackend;
  precision: EncoderPrecision;
}

/** What computes the shards, and how it is let go. */
export interface OpenShardEncoder {
  description: EncoderDescription;
  /** True where this process computes, so that its CPU time says how busy the CPU was. */
  here: boolean;
  /** Gives what computes the shards of a writer. */
  start(writer: DatasetWriter): Promise<ShardEncoder>;
  dispose(): Promise<void>;
}

/** Describes an encoder without loading it. */
export async function describeEncoderFolder(folder: string, options: LoadEncoderOptions): Promise<EncoderDescription> {
  const { model, maxTokens, backend, precision, fingerprint } = await planEncoder(folder, options);
  return { name: model.name, dim: model.dim, fingerprint: await fingerprint(), maxTokens, backend, precision };
}

/** Computes here. */
export async function openLocal(
  folder: string,
  options: LoadEncoderOptions,
  signal: AbortSignal,
): Promise<OpenShardEncoder> {
  const encoder = await loadEncoder(folder, options);
  return {
    description: encoder,
    here: encoder.backend === 'native',
    start: () => Promise.resolve(localShardEncoder(encoder, signal)),
    dispose: () => encoder.dispose(),
  };
}

/**
 * The encoder has one shard in hand and the next one in its queue, so that it need not wait while results are written.
 */
function localShardEncoder(encoder: Encoder, signal: AbortSignal): ShardEncoder {
  return {
    depth: 2,
    get idleSeconds() {
      return encoder.idleSeconds;
    },
    encode: ({ fresh }, onProgress) => encoder.encode(fresh, { signal, onProgress }),
  };
}
