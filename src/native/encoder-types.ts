/** Types of the native encoder: its specification, and the handle that computes it. */
import type { InfoNceMode } from './infonce-modes.js';
import type { PackedTokens } from './packed-tokens.js';
import type { Pooling } from './pooling.js';

/**
 * How the encoder represents token positions (native/encoder/spec.h):
 * - `'learned'`: vectors from a table, added to the embeddings.
 * - `'rotary'`: rotation of queries and keys by position-dependent angles.
 * - `'none'`: no positions.
 */
export const POSITIONS = ['learned', 'rotary', 'none'] as const;

/** Activations of the MLP (native/encoder/spec.h). `'swiglu'` has a gate in addition to the inner projection. */
export const ACTIVATIONS = ['gelu', 'swiglu'] as const;

/** Specification of an encoder: see native/encoder/spec.h. Without layers, it is a bag of embeddings. */
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
  /** True if the sum of the embeddings passes through a layer norm. */
  embeddingNorm: boolean;
  activation: (typeof ACTIVATIONS)[number];
  /** True if the projections have biases. */
  biases: boolean;
  /** Epsilon of the layer norms. */
  epsilon: number;
  pooling: Pooling;
  normalize: boolean;
  /** Token whose embedding receives no gradient. */
  paddingId: number;
}

/** A tensor in the flat parameter block of the encoder. */
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
  /** Number of layers to run. */
  layers: number;
  /** Receives the states after these layers, [tokens, hidden]. */
  hidden?: Float32Array | undefined;
}

/** A batch of pairs: all queries, followed by their keys. */
export interface NativeLoss extends PackedTokens {
  /** One label per pair; required by the modes that use labels. */
  labels?: Int32Array | undefined;
  mode: InfoNceMode;
  logitScale: number;
  /** Memory limit for kept activations in bytes. The others are recomputed. */
  memoryBudget: number;
  /** Layers below this one are frozen, and if it is above 0, the embeddings as well. */
  firstTrainedLayer: number;
  /** States below that layer, [tokens, hidden]. If given, the frozen layers are not run. */
  lowerStates?: Float32Array | undefined;
}

/** One AdamW update. */
export interface UpdateSettings {
  /** Number of the update, counted from 1. */
  step: number;
  learningRate: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Gradient norm above which gradients are clipped; 0 disables clipping. */
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
