import { describe, expect, it } from 'vitest';

import { type ProjectOptions, projectEmbeddings } from '../../../src/maps/project-embeddings.js';
import { randomNormal } from '../../support/random.js';

const DIM = 4;
const x = randomNormal(20 * DIM, 1);
const withNaN = Float32Array.from(x, (value, i) => (i === 30 ? NaN : value));

describe('projectEmbeddings', () => {
  it.each([3, 4, 16, 17])('accepts %i rows', async (rows) => {
    for (const method of ['umap', 'pca'] as const) {
      const { coordinates, laidOut } = await projectEmbeddings(x.subarray(0, rows * DIM), { dim: DIM, method });
      expect(coordinates.length).toBe(2 * rows);
      expect(coordinates.every(Number.isFinite)).toBe(true);
      expect(laidOut).toBe(rows);
    }
  });

  it('accepts rows that are all equal', async () => {
    const { coordinates } = await projectEmbeddings(new Float32Array(30 * DIM).fill(0.5), { dim: DIM });
    expect(coordinates.every(Number.isFinite)).toBe(true);
  });

  it.each<{ what: string; embeddings: Float32Array; options: Partial<ProjectOptions>; code: string; says: RegExp }>([
    {
      what: 'one row',
      embeddings: x.subarray(0, DIM),
      options: { method: 'pca' },
      code: 'ERR_ARG_RANGE',
      says: /at least 2 rows .* got 1/,
    },
    {
      what: 'two rows for UMAP',
      embeddings: x.subarray(0, 2 * DIM),
      options: {},
      code: 'ERR_ARG_RANGE',
      says: /at least 3 rows .* got 2/,
    },
    { what: 'no rows', embeddings: new Float32Array(0), options: {}, code: 'ERR_ARG_RANGE', says: /got 0/ },
    { what: 'NaN', embeddings: withNaN, options: { method: 'pca' }, code: 'ERR_NON_FINITE', says: /NaN in row 7/ },
    { what: 'a torn row', embeddings: x.subarray(1), options: {}, code: 'ERR_SHAPE_MISMATCH', says: /"embeddings"/ },
    {
      what: 'an unknown method',
      embeddings: x,
      options: { method: 'tsne' as 'pca' },
      code: 'ERR_ARG_RANGE',
      says: /umap, pca/,
    },
    {
      what: 'an unknown option',
      embeddings: x,
      options: { perplexity: 3 } as object,
      code: 'ERR_ARG_TYPE',
      says: /perplexity/,
    },
    {
      what: 'too few neighbours',
      embeddings: x,
      options: { neighbours: 2 },
      code: 'ERR_ARG_RANGE',
      says: /"neighbours"/,
    },
    {
      what: 'a sample out of range',
      embeddings: x,
      options: { sample: Int32Array.of(1, 2, 20) },
      code: 'ERR_ARG_RANGE',
      says: /sample\[2\]/,
    },
    {
      what: 'a sample out of order',
      embeddings: x,
      options: { sample: Int32Array.of(1, 3, 3) },
      code: 'ERR_ARG_RANGE',
      says: /ascending.*sample\[2\]/,
    },
    {
      what: 'a sample of two',
      embeddings: x,
      options: { sample: Int32Array.of(1, 3) },
      code: 'ERR_ARG_RANGE',
      says: /at least 3 rows/,
    },
  ])('rejects $what', async ({ embeddings, options, code, says }) => {
    await expect(projectEmbeddings(embeddings, { dim: DIM, ...options })).rejects.toMatchObject({
      name: 'EngineError',
      code,
      message: expect.stringMatching(says) as string,
    });
  });

  it('can be aborted before and during the layout', async () => {
    await expect(projectEmbeddings(x, { dim: DIM, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    const controller = new AbortController();
    const epochs: number[] = [];
    const onProgress: ProjectOptions['onProgress'] = (phase, done) => {
      if (phase !== 'layout') return;
      epochs.push(done);
      controller.abort();
    };
    const running = projectEmbeddings(randomNormal(2000 * DIM, 2), { dim: DIM, signal: controller.signal, onProgress });
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(epochs.length).toBeGreaterThan(0);
    expect(epochs.length).toBeLessThan(500);
  });
});
