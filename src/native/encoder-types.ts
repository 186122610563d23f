/** The encoder's side of the addon: how an encoder is put together, and the handle that computes it. */
import type { InfoNceMode } from './infonce-modes.js';
import type { PackedTokens } from './packed-tokens.js';
import type { Pooling } from './pooling.js';

/**
 * How the place of a token gets into its states (native/encoder/spec.h):
 * - `'learned'`: vectors of a table, added to the embeddings.
 * - `'rotary'`: angles by which queries and keys are turned.
 * - `'none'`: not at all.
 */
export const POSITIONS = ['learned', 'rotary', 'none'] as const;

/** Of the MLP (native/encoder/spec.h); `'swiglu'` has a gate beside the inner projection. */
export const ACTIVATIONS = ['gelu', 'swiglu'] as const;

/** How an encoder is put together; see native/encoder/spec.h. Without layers, it is a bag of embeddings. */
export interface EncoderSpec {
  layers: number;
  hidden: number;
  heads: number;
  /** Width of the MLP. */
  inner: number;
  vocabulary: number;
  /** Rows of the token type table, 0 for none. */
  types: number;
  /** Longest sequence in tokens. */
  maxPositions: number;
  positions: (typeof POSITIONS)[number];
  /** Base of the rotary angles; 0 if positions are not rotary. */
  ropeBase: number;
  /** Whether the sum of the embeddings goes through a layer norm. */
  embeddingNorm: boolean;
  activation: (typeof ACTIVATIONS)[number];
  /** Whether the projections have biases. */
  biases: boolean;
  /** Of the layer norms. */
  epsilon: number;
  pooling: Pooling;
  normalize: boolean;
  /** This token's embedding receives no gradient. */
  paddingId: number;
}

/** A tensor of the encoder's flat parameter block, by the engine's own name. */
export interface NativeParameter {
  name: string;
  offset: number;
  rows: number;
  cols: number;
  /** False for vectors, which have one row. */
  matrix: boolean;
}

export type NativeBlock = 'parameters' | 'gradients' | 'firstMoments' | 'secondMoments';

export interface NativeEncode extends PackedTokens {
  /** Receives the result, [texts, hidden]. */
  embeddings: Float32Array;
  /** Layers that run. */
  layers: number;
  /** Receives the states after them, [tokens, hidden]. */
  hidden?: Float32Array | undefined;
}

/** A batch of pairs: as many queries, then their keys. */
export interface NativeLoss extends PackedTokens {
  /** One per pair; needed by the modes that use labels. */
  labels?: Int32Array | undefined;
  mode: InfoNceMode;
  logitScale: number;
  /** Bytes that kept activations may take; beyond, they are computed again. */
  memoryBudget: number;
  /** Layers below this one, and the embeddings when it is above 0, are frozen. */
  firstTrainedLayer: number;
  /** States below that layer, [tokens, hidden]; the frozen layers are then not run. */
  lowerStates?: Float32Array | undefined;
}

/** One AdamW update. */
export interface UpdateSettings {
  /** Counted from 1. */
  step: number;
  learningRate: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** 0: no clipping. */
  maxGradNorm: number;
}

export interface NativeEncoder {
  parameters(): NativeParameter[];
  write(kind: NativeBlock, offset: number, values: Float32Array): void;
  read(kind: NativeBlock, offset: number, out: Float32Array): void;
  encode(batch: NativeEncode, control?: Int32Array): Promise<void>;
  backward(batch: NativeLoss, control?: Int32Array): Promise<{ loss: number }>;
  step(batch: NativeLoss & UpdateSettings, control?: Int32Array): Promise<{ loss: number; gradNorm: number }>;
  dispose(): void;
}
