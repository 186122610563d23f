/**
 * Returns the area under the ROC curve (Fawcett 2006, "An introduction to ROC analysis"): how often a value of a
 * positive is larger than one of a negative. Equal values count half.
 *
 * @param positives at least one value, and at least one of `negatives`
 */
export function rocArea(positives: readonly number[], negatives: readonly number[]): number {
  const ascending = Float64Array.from(negatives).sort();
  let wins = 0;
  for (const value of positives) wins += (countBelow(ascending, value, false) + countBelow(ascending, value, true)) / 2;
  return wins / (positives.length * negatives.length);
}

/** Counts the entries below a value, or below and equal to it. */
function countBelow(ascending: Float64Array, value: number, withEqual: boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = ascending[middle]!;
    if (other < value || (withEqual && other === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
