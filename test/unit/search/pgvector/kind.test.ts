import { describe, expect, it } from 'vitest';

import { expectKind, factoryOf } from '../../../../src/search/pgvector/kind.js';

describe('the kind of a table', () => {
  it('is read from a factory string like that of FAISS', () => {
    expect(expectKind({ dim: 384, metric: 'l2' })).toEqual({
      dim: 384,
      metric: 'l2',
      storage: 'f32',
      links: 32,
      hasDigests: true,
      efConstruction: 64,
    });
    expect(expectKind({ dim: 384, metric: 'ip', factory: 'HNSW', efConstruction: 200 })).toMatchObject({
      links: 32,
      efConstruction: 200,
    });
    expect(expectKind({ dim: 384, metric: 'ip', factory: 'HNSW48,SQfp16' })).toEqual({
      dim: 384,
      metric: 'ip',
      storage: 'f16',
      links: 48,
      hasDigests: true,
      efConstruction: 96,
    });
    for (const factory of ['HNSW2', 'HNSW100', 'HNSW16,SQfp16'])
      expect(factoryOf(expectKind({ dim: 1, metric: 'l2', factory }))).toBe(factory);
  });

  it.each(['Flat', 'IVF256,Flat', 'HNSW1', 'HNSW101', 'HNSW32,SQ8', 'PCA64,HNSW32', ''])(
    'rejects kinds that pgvector does not have: %s',
    (factory) => {
      expect(() => expectKind({ dim: 8, metric: 'l2', factory })).toThrow(
        '2 to 100 links for "factory" of an index in PostgreSQL',
      );
    },
  );

  it('reports the limits of pgvector for dimensions', () => {
    expect(expectKind({ dim: 2000, metric: 'l2' }).dim).toBe(2000);
    expect(() => expectKind({ dim: 2001, metric: 'l2' })).toThrow(
      /at most 2000 entries \(.*"HNSW32,SQfp16", half precision, allows 4000\) for "dim", got 2001/,
    );
    expect(expectKind({ dim: 4000, metric: 'l2', factory: 'HNSW32,SQfp16' }).dim).toBe(4000);
    expect(() => expectKind({ dim: 4001, metric: 'l2', factory: 'HNSW32,SQfp16' })).toThrow(
      'at most 4000 entries (the limit of pgvector for indexes of f16 vectors) for "dim", got 4001',
    );
    expect(() => expectKind({ dim: 5000, metric: 'l2' })).toThrow(
      'at most 2000 entries (the limit of pgvector for indexes of f32 vectors) for "dim", got 5000',
    );
  });

  it('needs more candidates than links for building', () => {
    expect(() => expectKind({ dim: 8, metric: 'l2', factory: 'HNSW48', efConstruction: 95 })).toThrow(
      'an integer from 96 to 1000 for "efConstruction", got 95',
    );
    expect(() => expectKind({ dim: 8, metric: 'l2', efConstruction: 1001 })).toThrow('"efConstruction"');
  });

  it('rejects other metrics', () => {
    expect(() => expectKind({ dim: 8, metric: 'cosine' })).toThrow('one of ip, l2 for "metric"');
  });
});
