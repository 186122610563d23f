import { expect, it } from 'vitest';

import { MAX_FLOAT32 } from '../../../src/native/search-result.js';
import { mergeResults } from '../../../src/search/merge-results.js';

it.each([
  ['l2', 1],
  ['ip', -1],
] as const)('merges the rows of tables, best first, equal ones by label, then -1: %s', (metric, sign) => {
  const result = (labels: number[], distances: number[]) => ({
    labels: Int32Array.from(labels),
    distances: Float32Array.from(distances, (distance) => sign * distance),
    k: 3,
  });
  const none = MAX_FLOAT32;
  const merged = mergeResults(
    [
      result([7, 3, 1, 4, -1, -1], [0, 2, 5, 1, none, none]),
      result([8, 2, 6, -1, -1, -1], [1, 2, 3, none, none, none]),
    ],
    3,
    metric,
  );
  expect(merged).toEqual(result([7, 8, 2, 4, -1, -1], [0, 1, 2, 1, none, none]));
  const short = { labels: Int32Array.of(9, 5), distances: Float32Array.of(sign * 4, sign * 0.5), k: 1 };
  expect(mergeResults([merged, short], 4, metric)).toMatchObject({ labels: Int32Array.of(7, 8, 2, 9, 5, 4, -1, -1) });
});
