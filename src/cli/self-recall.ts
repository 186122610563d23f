/** Below this share, `univar index` and `univar info` give advice. */
const LEAST = 0.99;

/** Says how many of its rows the graph of an index finds; nothing for an index without a graph. */
export function describeSelfRecall(factory: string, selfRecall: number | undefined): string {
  if (selfRecall === undefined || !factory.includes('HNSW')) return '';
  // Not rounded up: 100 % means all.
  const found = `; ${(Math.floor(1000 * selfRecall) / 10).toFixed(1)} % of the answers find themselves`;
  return selfRecall < LEAST ? `${found}, which is too few: build it again, or with --factory Flat` : found;
}
