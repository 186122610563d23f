/**
 * Which rows are positives and which leave the denominator (native/ops/infonce.h):
 * - `'one-way'`: query i against all keys, key i is the positive.
 * - `'symmetric'`: the mean of that and of key i against all queries.
 * - `'masked'`: as one-way, but keys j != i with the label of i are no negatives.
 * - `'supervised'`: every key with the label of i, key i included, is a positive; their log-probabilities are averaged.
 */
export const INFONCE_MODES = ['one-way', 'symmetric', 'masked', 'supervised'] as const;

/** See {@link INFONCE_MODES}. */
export type InfoNceMode = (typeof INFONCE_MODES)[number];

/** Modes that need labels. */
const LABELLED_MODES: readonly InfoNceMode[] = ['masked', 'supervised'];

export function usesLabels(mode: InfoNceMode): boolean {
  return LABELLED_MODES.includes(mode);
}
