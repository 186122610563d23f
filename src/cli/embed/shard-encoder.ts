import type { Encoder } from '../../encoder/encoder.js';
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
  /** @param onProgress receives the number of texts done */
  encode(shard: PlannedShard, onProgress: (texts: number) => void): Promise<EncodedShard>;
}

/**
 * Computes here. The encoder has one shard in hand and the next one in its queue, so that it need not wait while results
 * are written.
 */
export function localShardEncoder(encoder: Encoder, signal: AbortSignal): ShardEncoder {
  return { depth: 2, encode: ({ fresh }, onProgress) => encoder.encode(fresh, { signal, onProgress }) };
}
