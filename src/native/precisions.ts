/** See {@link EncoderPrecision}. */
export const PRECISIONS = ['f32', 'bf16', 'int8'] as const;

/**
 * Number formats of products. Sums and parameters are always float32 (native/ops/matmul.h):
 * - `'f32'`: float32.
 * - `'bf16'`: operands are rounded to bfloat16.
 * - `'int8'`: operands are 8-bit integers, with one scale per weight row and per token. For inference only.
 *
 * @useDeclaredType
 */
export type EncoderPrecision = (typeof PRECISIONS)[number];

/** See {@link TrainingPrecision}. */
export const TRAINING_PRECISIONS = ['f32', 'bf16'] as const satisfies readonly EncoderPrecision[];

/**
 * Formats that support training.
 *
 * @useDeclaredType
 */
export type TrainingPrecision = (typeof TRAINING_PRECISIONS)[number];
