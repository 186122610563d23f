import { describe, expect, it } from 'vitest';

import {
  centroidDistances,
  extremePairs,
  languageDistances,
  neighbourhood,
  selectIds,
} from '../../../bench/evidence/centroids.js';

/** Two models in two languages at the corners of a rectangle. Languages are 3 apart, models 4. */
const labels = ['m$eng', 'm$eng', 'n$eng', 'm$fra', 'n$fra'];
const corners = { dim: 2, embeddings: Float32Array.from([-1, 0, 1, 0, 0, 4, 3, 0, 3, 4]) };

describe('centroidDistances', () => {
  it('are distances of means, ordered by language and then model', () => {
    const { ids, distances } = centroidDistances(corners, labels);
    expect(ids).toEqual(['m$eng', 'n$eng', 'm$fra', 'n$fra']);
    expect([...distances]).toEqual([0, 4, 3, 5, 4, 0, 5, 3, 3, 5, 0, 4, 5, 3, 4, 0]);
  });

  it('are the same for selected ids', () => {
    const { ids, distances } = selectIds(centroidDistances(corners, labels), (id) => id.startsWith('n'));
    expect(ids).toEqual(['n$eng', 'n$fra']);
    expect([...distances]).toEqual([0, 3, 3, 0]);
  });
});

describe('neighbourhood', () => {
  it('detects that the nearest id is the same model in the other language', () => {
    const near = neighbourhood(centroidDistances(corners, labels));
    expect(near).toMatchObject({
      nearestSameModel: 1,
      nearestSameLanguage: 0,
      sameModel: 3,
      sameLanguage: 4,
      neither: 5,
    });
    expect(near.chanceSameModel).toBeCloseTo(1 / 3);
    expect(near.chanceSameLanguage).toBeCloseTo(1 / 3);
  });

  it('has no distance if there is no such pair', () => {
    const one = selectIds(centroidDistances(corners, labels), (id) => id.endsWith('eng'));
    expect(neighbourhood(one)).toMatchObject({ sameLanguage: 4, sameModel: null, neither: null });
  });
});

it('languageDistances are means over models that have both', () => {
  expect(languageDistances(centroidDistances(corners, labels))).toEqual({ 'eng-fra': { distance: 3, models: 2 } });
});

it('extremePairs only compare accepted pairs', () => {
  const pairs = extremePairs(corners, [0, 1, 2, 3, 4], (a, b) => labels[a] !== labels[b]);
  expect(pairs!.nearest).toEqual({ from: 1, to: 3, distance: 2 });
  expect(pairs!.farthest).toEqual({ from: 0, to: 4, distance: Math.hypot(4, 4) });
  expect(extremePairs(corners, [0, 1], (a, b) => labels[a] !== labels[b])).toBeUndefined();
});
