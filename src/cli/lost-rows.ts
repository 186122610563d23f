/** Below this share, `univar index` and `univar info` warn. */
export const LEAST_SELF_RECALL = 0.99;

/** Says that an index does not find all of its rows. */
export function describeLostRows(selfRecall: number): string {
  const percent = (100 * selfRecall).toFixed(1);
  return `only ${percent} % of the answers find themselves in the index; --factory Flat finds all`;
}
