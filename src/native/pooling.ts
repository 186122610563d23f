/**
 * How the vectors of the tokens of a text become one vector (native/ops/pooling.h):
 * - `'mean'`: their mean.
 * - `'cls'`: the vector of the first token.
 */
export const POOLING_MODES = ['mean', 'cls'] as const;

/** See {@link POOLING_MODES}. */
export type Pooling = (typeof POOLING_MODES)[number];
