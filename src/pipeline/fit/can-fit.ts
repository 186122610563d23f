import type { Dataset } from '../../datasets/dataset.js';

/** Checks whether an encoder can be fitted on a dataset: it needs two value ids with two answers each. */
export function canFit({ manifest }: Dataset): boolean {
  return Object.values(manifest.valueIds).filter((answers) => answers >= 2).length >= 2;
}
