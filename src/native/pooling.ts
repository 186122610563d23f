/** See {@link Pooling}. */
export const POOLING_MODES = ['mean', 'cls'] as const;

/**
 * How the token vectors of a text are combined into one vector (native/ops/pooling.h):
 * - `'mean'`: the mean of all token vectors.
 * - `'cls'`: the vector of the first token.
 *
 * @useDeclaredType
 */
export type Pooling = (typeof POOLING_MODES)[number];
