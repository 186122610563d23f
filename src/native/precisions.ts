/**
 * Number formats of products; sums and parameters are float32 (native/ops/matmul.h):
 * - `'f32'`: float32.
 * - `'bf16'`: operands are rounded to bfloat16.
 * - `'int8'`: operands are 8-bit integers, with one scale for each row of a weight and each token. For inference only.
 */
export const PRECISIONS = ['f32', 'bf16', 'int8'] as const;

/** See {@link PRECISIONS}. */
export type EncoderPrecision = (typeof PRECISIONS)[number];

/** Formats that have gradients. */
export const TRAINING_PRECISIONS = ['f32', 'bf16'] as const satisfies readonly EncoderPrecision[];

/** See {@link TRAINING_PRECISIONS}. */
export type TrainingPrecision = (typeof TRAINING_PRECISIONS)[number];
