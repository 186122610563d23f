import type { EncoderSpec } from '../../native/encoder-types.js';

/** Names that a checkpoint gives to the tensors of a transformer. */
export interface TensorNames {
  /** Before the number of a layer. */
  layer: string;
  embeddingNorm: string;
  /** Scale and shift of a layer norm. */
  norm: readonly [string, string];
  /** One tensor for queries, keys and values, or one each. */
  qkv: readonly string[];
  out: string;
  norm1: string;
  /** The inner projection; of a gated MLP the up branch and the gate, in one tensor or two. */
  fc1: readonly string[];
  fc2: string;
  norm2: string;
}

/** Names that every layout has for the embedding tables. */
export const TABLES = {
  word: 'embeddings.word_embeddings.weight',
  position: 'embeddings.position_embeddings.weight',
  type: 'embeddings.token_type_embeddings.weight',
} as const;

/** Projections in `fc1`, each as wide as the MLP. */
export const BRANCHES: Record<EncoderSpec['activation'], number> = { gelu: 1, swiglu: 2 };
