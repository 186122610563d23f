/**
 * How the token vectors of a text are combined into one vector (native/ops/pooling.h):
 * - `'mean'`: the mean of all token vectors.
 * - `'cls'`: the vector of the first token.
 */
export const POOLING_MODES = ['mean', 'cls'] as const;

/** See {@link POOLING_MODES}. */
export type Pooling = (typeof POOLING_MODES)[number];
