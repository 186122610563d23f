import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EngineError } from '../../../src/core/errors.js';
import { parseFactory } from '../../../src/search/factory.js';

describe('parseFactory', () => {
  it.each([
    ['Flat', { minTrainRows: 0, graph: false, lists: false, kmeans: false }],
    ['SQfp16', { minTrainRows: 0, graph: false, lists: false, kmeans: false }],
    ['SQ8', { minTrainRows: 1, graph: false, lists: false, kmeans: false }],
    ['PQ8', { minTrainRows: 256, graph: false, lists: false, kmeans: true }],
    ['PQ8x4np', { minTrainRows: 16, graph: false, lists: false, kmeans: true }],
    ['HNSW', { minTrainRows: 0, graph: true, lists: false, kmeans: false }],
    ['HNSW32,Flat', { minTrainRows: 0, graph: true, lists: false, kmeans: false }],
    ['HNSW32,SQ8', { minTrainRows: 1, graph: true, lists: false, kmeans: false }],
    ['IVF100,Flat', { minTrainRows: 100, graph: false, lists: true, kmeans: true }],
    ['IVF100_HNSW16,PQ16', { minTrainRows: 256, graph: true, lists: true, kmeans: true }],
    ['PCA32,L2norm,IVF10,SQ8', { minTrainRows: 32, graph: false, lists: true, kmeans: true }],
    ['SQ8,Refine(SQbf16)', { minTrainRows: 1, graph: false, lists: false, kmeans: false }],
    ['HNSW32,SQ8,RFlat', { minTrainRows: 1, graph: true, lists: false, kmeans: false }],
    ['OPQ8_32,PQ8x4', { minTrainRows: 256, graph: false, lists: false, kmeans: true }],
    ['Pad96,HNSW8', { minTrainRows: 0, graph: true, lists: false, kmeans: false }],
  ])('%s', (factory, kind) => expect(parseFactory(factory, 64)).toEqual(kind));

  it.each([
    ['', 'unknown part ""'],
    ['flat', 'unknown part "flat"'],
    ['LSH', 'unknown part'],
    ['IVF16', 'needs the codes of its lists'],
    ['IVF0,Flat', 'number of lists must be from 1'],
    ['IVF99999999999999,Flat', 'number of lists'],
    ['IVF16,PQ7', '7 PQ codes do not divide the dimension 64'],
    ['PCA32,PQ64', 'PQ codes must be from 1 to 32'],
    ['PCA128,Flat', 'PCA must be from 1 to 64'],
    ['HNSW1', 'links of a graph'],
    ['HNSW32,PQ8', 'not supported'],
    ['IVF16(Index3),Flat', 'unknown part'],
    ['RFlat', 'unknown part "RFlat"'],
    ['RFlat,Flat', 'unknown part "RFlat"'],
    ['SQ8,Refine(PQ8)', 'unknown part "SQ8"'],
    ['IVF16,Flat,RFlat,RFlat', 'unexpected part "RFlat"'],
    ['IVF16,PQ8x40', 'bits of a PQ code'],
    ['PCA32', 'unknown part "PCA32"'],
  ])('rejects %j', (factory, why) => {
    expect(() => parseFactory(factory, 64)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE', message: expect.stringContaining(why) as string }) as Error,
    );
  });

  it('rejects values that are not strings', () => {
    expect(() => parseFactory(7, 64)).toThrow(expect.objectContaining({ code: 'ERR_ARG_TYPE' }) as Error);
  });

  it('never fails with another error', () => {
    const piece = fc.constantFrom(
      'IVF',
      'HNSW',
      'PQ',
      'SQ',
      'Flat',
      'PCA',
      'OPQ',
      ',',
      '_',
      'x',
      '8',
      '16',
      '0',
      '(',
      ')',
      'np',
      'L2norm',
      'RR',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseFactory(text, 64);
          } catch (error) {
            expect(error).toBeInstanceOf(EngineError);
          }
        },
      ),
    );
  });
});
