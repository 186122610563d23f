/**
 * Adjusts p values for the number of tests (Benjamini and Hochberg 1995). Rejecting the tests whose adjusted value is
 * at most q keeps the expected share of false rejections below q.
 *
 * @returns adjusted p values, in the order of `p`
 */
export function adjustPValues(p: readonly number[]): number[] {
  const order = [...p.keys()].sort((a, b) => p[b]! - p[a]!); // largest first
  const adjusted = new Array<number>(p.length);
  let least = 1;
  order.forEach((test, i) => {
    least = Math.min(least, (p[test]! * p.length) / (p.length - i));
    adjusted[test] = least;
  });
  return adjusted;
}
