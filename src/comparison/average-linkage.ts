/** Hierarchical clustering with average linkage (UPGMA, Sokal and Michener 1958). */

/** Clusters are numbered: first the items, then one per merge. */
export interface Merge {
  /** The two clusters that are merged, the smaller number first. */
  clusters: readonly [number, number];
  /** Mean distance between items of the two clusters. */
  height: number;
  /** Number of items in the merged cluster. */
  size: number;
}

/**
 * Merges the two clusters with the smallest mean distance until one is left. Ties go to the smaller numbers. The time
 * grows with the cube of the number of items.
 *
 * @param distance of two different items, symmetric
 * @returns one merge fewer than items, by ascending height
 */
export function averageLinkage(items: number, distance: (a: number, b: number) => number): Merge[] {
  const sizes = new Map(Array.from({ length: items }, (_, item) => [item, 1]));
  const distances = new Map<number, Map<number, number>>();
  for (let a = 0; a < items; a++) distances.set(a, new Map(Array.from({ length: a }, (_, b) => [b, distance(a, b)])));
  const between = (a: number, b: number): number => distances.get(Math.max(a, b))!.get(Math.min(a, b))!;
  const merges: Merge[] = [];
  while (sizes.size > 1) {
    let best: readonly [number, number] | undefined;
    for (const a of sizes.keys())
      for (const b of sizes.keys()) if (a < b && (!best || between(a, b) < between(...best))) best = [a, b];
    const [a, b] = best!;
    const [sizeA, sizeB] = [sizes.get(a)!, sizes.get(b)!];
    const height = between(a, b);
    sizes.delete(a);
    sizes.delete(b);
    const merged = items + merges.length;
    const toOther = (other: number): number =>
      (sizeA * between(a, other) + sizeB * between(b, other)) / (sizeA + sizeB);
    distances.set(merged, new Map([...sizes.keys()].map((other) => [other, toOther(other)])));
    sizes.set(merged, sizeA + sizeB);
    merges.push({ clusters: best!, height, size: sizeA + sizeB });
  }
  return merges;
}

/** Returns the items in the order of the leaves of the tree, so that similar items are neighbours. */
export function leafOrder(items: number, merges: readonly Merge[]): number[] {
  const leaves: number[][] = Array.from({ length: items }, (_, item) => [item]);
  for (const { clusters } of merges) leaves.push([...leaves[clusters[0]]!, ...leaves[clusters[1]]!]);
  return leaves.at(-1) ?? [];
}
