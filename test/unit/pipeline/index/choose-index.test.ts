import { describe, expect, it } from 'vitest';

import { chooseIndex, type IndexChoiceInput } from '../../../../src/pipeline/index/choose-index.js';
import { parseFactory } from '../../../../src/search/factory.js';

const GIB = 2 ** 30;
const input = (given: Partial<IndexChoiceInput>): IndexChoiceInput => ({
  ...{ rows: 100_000, dim: 256, metric: 'l2', isUnit: false, recall: 0.98, memory: 16 * GIB },
  ...given,
});

describe('the kind of index that is chosen', () => {
  it.each<[string, Partial<IndexChoiceInput>, string, RegExp]>([
    ['is exact for few rows', { rows: 9999 }, 'Flat', /9,999 answers/],
    ['is a graph from 10,000 rows on', { rows: 10_000 }, 'HNSW32,SQ8,RFlat', /10,000 answers of 256/],
    ['is a graph if its building is specified', { rows: 50, wantsGraph: true }, 'HNSW32,SQ8,RFlat', /50 answers/],
    ['is exact if everything must be found', { recall: 1 }, 'Flat', /all/],
    ['reduces wide vectors', { dim: 768 }, 'PCA256,HNSW32,SQ8,RFlat', /256 principal components/],
    ['keeps wide vectors for inner products', { dim: 768, metric: 'ip' }, 'HNSW32,SQ8,RFlat', /8-bit codes/],
    ['halves what it re-ranks unit vectors by', { isUnit: true }, 'HNSW32,SQ8,Refine(SQfp16)', /16 bits/],
    ['does not need a component per row', { dim: 768, rows: 99, wantsGraph: true }, 'HNSW32,SQ8,RFlat', /99/],
    ['leaves out vectors for which memory is short', { rows: 1e7 }, 'HNSW32,SQfp16', /would not fit/],
    ['takes shorter codes if it must', { rows: 1.5e7 }, 'HNSW32,SQ8', /8 bits/],
  ])('%s', (_, given, factory, reason) => {
    const choice = chooseIndex(input(given));
    expect(choice).toMatchObject({ factory, reason: expect.stringMatching(reason) as string });
    const kind = parseFactory(choice.factory, given.dim ?? 256); // accepted, and trainable on these rows
    expect(kind.minTrainRows).toBeLessThanOrEqual(given.rows ?? 100_000);
    expect(choice.efConstruction !== undefined).toBe(kind.graph);
  });
});
