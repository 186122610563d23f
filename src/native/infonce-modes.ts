/** See {@link InfoNceMode}. */
export const INFONCE_MODES = ['one-way', 'symmetric', 'masked', 'masked-symmetric', 'supervised'] as const;

/**
 * Modes of the loss, which define positives and negatives (native/ops/infonce.h):
 * - `'one-way'`: compares query i with all keys; key i is the positive.
 * - `'symmetric'`: the mean of the one-way losses in both directions, queries against keys and keys against queries.
 * - `'masked'`: like one-way, but keys j != i with the label of i are not negatives.
 * - `'masked-symmetric'`: like symmetric, masked in both directions.
 * - `'supervised'`: all keys with the label of i, including key i, are positives; averages their log-probabilities.
 *
 * @useDeclaredType
 */
export type InfoNceMode = (typeof INFONCE_MODES)[number];

/** Modes that need labels. */
const LABELLED_MODES: readonly InfoNceMode[] = ['masked', 'masked-symmetric', 'supervised'];

export function usesLabels(mode: InfoNceMode): boolean {
  return LABELLED_MODES.includes(mode);
}
