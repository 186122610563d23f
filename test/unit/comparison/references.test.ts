import { describe, expect, it } from 'vitest';

import { averageLinkage, leafOrder } from '../../../src/comparison/average-linkage.js';
import { adjustPValues } from '../../../src/comparison/false-discovery.js';
import { logOdds } from '../../../src/comparison/log-odds.js';
import { pairAnswers } from '../../../src/comparison/paired-answers.js';
import { questionDifferences } from '../../../src/comparison/question-differences.js';
import { reference, side } from '../../support/comparison-scene.js';

const close = (values: readonly number[]): unknown => values.map((value) => expect.closeTo(value, 12) as number);

describe('statistics agree with scipy and numpy:', () => {
  it('adjusted p values, also of equal ones', () => {
    const { p, adjusted } = reference.falseDiscovery;
    expect(adjustPValues(p)).toEqual(close(adjusted));
  });

  it('log-odds with a Dirichlet prior', () => {
    for (const { logOdds: expected, z, ...input } of reference.logOdds)
      expect(logOdds(input)).toEqual({
        logOdds: expect.closeTo(expected, 12) as number,
        z: expect.closeTo(z, 12) as number,
      });
  });

  it('average linkage', () => {
    const { distances, merges, order } = reference.averageLinkage;
    const own = averageLinkage(distances.length, (a, b) => distances[a]![b]!);
    expect(own.map(({ clusters, height, size }) => [...clusters, height, size])).toEqual(merges.map(close));
    expect(leafOrder(distances.length, own)).toEqual(order);
  });

  it('energy distance and permutation test of the samples of one question', async () => {
    const { a, b, energySquared, apart, p } = reference.question;
    const row = (values: number[]): Float32Array => Float32Array.from(values);
    const samples = a.length;
    const paired = pairAnswers([side('a', row(a), 1, samples), side('b', row(b), 1, samples)], {
      dim: 1,
      within: undefined,
    });
    const { differences } = await questionDifferences(paired, { draws: 100, seed: 1, signal: undefined });
    const own = differences[0];
    expect(own).toMatchObject({ apart: expect.closeTo(apart, 6) as number, p });
    // scipy counts the zero distances of answers to themselves.
    const within = (own!.within! * (samples - 1)) / samples;
    expect(2 * (own!.apart - within)).toBeCloseTo(energySquared, 6);
    expect(own!.excess).toBe(own!.apart - own!.within!);
  });
});
