import type { DatasetWriter } from '../../datasets/dataset-writer.js';
import type { Encoder, EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import type { LoadEncoderOptions } from '../../encoder/encoder-plan.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { planEncoder } from '../../encoder/plan-encoder.js';
import type { PlannedShard } from './shards.js';

/** Embeddings of the new texts of a shard, [fresh, dim], and the number of tokens in them. */
export interface EncodedShard {
  embeddings: Float32Array;
  tokens: number;
}

/** Encodes shards, either in this process or through workers on other machines. */
export interface ShardEncoder {
  /** Number of shards that are requested, encoded or written at the same time. */
  readonly depth: number;
  /** Total seconds in which the encoder of this process had nothing to compute; undefined if others compute. */
  readonly idleSeconds?: number;
  /** Announces a shard before any shard is requested, so that workers can start on it. */
  announce?(shard: PlannedShard): Promise<void>;
  /**
   * Sets the receiver of the number of rows in all shards that workers have finished in this run. They finish in any
   * order, and long before their rows are written.
   */
  onFinished?(listener: (rows: number) => void): void;
  /** @param onProgress receives the number of encoded texts */
  encode(shard: PlannedShard, onProgress: (texts: number) => void): Promise<EncodedShard>;
  /** Removes temporary work data once the dataset is complete. */
  finish?(): Promise<void>;
}

/** Properties of an encoder that are known before its weights are loaded. */
export interface EncoderDescription {
  name: string;
  fingerprint: string;
  dim: number;
  maxTokens: number;
  backend: EncoderBackend;
  precision: EncoderPrecision;
}

/** A shard encoder that is ready to start. */
export interface OpenShardEncoder {
  description: EncoderDescription;
  /** True if this process computes, so that its CPU time says how busy the CPU was. */
  here: boolean;
  /** Creates the encoder for the shards of a writer. */
  start(writer: DatasetWriter): Promise<ShardEncoder>;
  dispose(): Promise<void>;
}

/** Describes an encoder without loading it. */
export async function describeEncoderFolder(folder: string, options: LoadEncoderOptions): Promise<EncoderDescription> {
  const { name, dim, maxTokens, backend, precision, fingerprint } = await planEncoder(folder, options);
  return { name, dim, fingerprint: await fingerprint(), maxTokens, backend, precision };
}

/** Opens an encoder that computes in this process. */
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

/** While one shard is written, the encoder works on the next and has another in its queue, so that it never waits. */
function localShardEncoder(encoder: Encoder, signal: AbortSignal): ShardEncoder {
  return {
    depth: 3,
    get idleSeconds() {
      return encoder.idleSeconds;
    },
    encode: ({ fresh }, onProgress) => encoder.encode(fresh, { signal, onProgress }),
  };
}
