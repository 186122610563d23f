import { describe, expect, it } from 'vitest';

import { type NgramTrainOptions, resolveNgramSettings } from '../../../src/training/ngrams/ngram-settings.js';
import { resolveMaxTokens, resolveTrainSettings, type TrainOptions } from '../../../src/training/settings.js';

const given = { data: ['a.jsonl'], encoder: 'e', out: 'o' };

describe('resolveTrainSettings', () => {
  it('takes missing settings from the preset', () => {
    expect(resolveTrainSettings({ ...given, preset: 'upstream-code' })).toMatchObject({
      mode: 'one-way',
      logitScale: 50,
      learningRate: 2e-4,
      warmupSteps: 700,
      decay: 'inverse-sqrt',
      epochs: 3,
      batchSize: 64,
      sampler: 'mixed',
      disjointViews: false,
    });
    expect(resolveTrainSettings({ ...given, preset: 'paper-text' })).toMatchObject({
      learningRate: 1e-5,
      warmupSteps: 1000,
      epochs: 1,
    });
    expect(resolveTrainSettings({ ...given, preset: 'paper-text', learningRate: 3e-5 })).toMatchObject({
      learningRate: 3e-5,
      warmupSteps: 1000,
    });
    expect(resolveTrainSettings(given)).toMatchObject({
      preset: 'univar',
      mode: 'masked',
      disjointViews: true,
      lambda: 5,
      seed: 42,
    });
  });

  it.each<[Partial<Record<keyof TrainOptions, unknown>>, string]>([
    [{ lambda: 0 }, 'lambda'],
    [{ batchSize: 1 }, 'batchSize'],
    [{ learningRate: 2 }, 'learningRate'],
    [{ validationShare: 1 }, 'validationShare'],
    [{ sampler: 'sorted' }, 'sampler'],
    [{ preset: 'theirs' }, 'preset'],
    [{ checkpointEvery: 0 }, 'checkpointEvery'],
    [{ steps: 1.5 }, 'steps'],
    [{ data: [] }, 'data'],
    [{ stepz: 3 } as never, 'stepz'],
    [{ dim: 128 } as never, 'dim'],
  ])('rejects %j by name', (wrong, name) => {
    expect(() => resolveTrainSettings({ ...given, ...(wrong as Partial<TrainOptions>) })).toThrow(
      new RegExp(`"?${name}"?`),
    );
  });
});

describe('resolveNgramSettings', () => {
  const own = { architecture: 'ngram', data: ['a.jsonl'], out: 'o' } as const;

  it('has the sizes of the encoder that comes with the package', () => {
    expect(resolveNgramSettings(own)).toMatchObject({
      steps: 4000,
      pairs: 256,
      dim: 176,
      maxNgrams: 131_072,
      seed: 42,
    });
  });

  it.each<[object, string]>([
    [{ encoder: 'e' }, 'encoder'],
    [{ precision: 'bf16' }, 'precision'],
    [{ lambda: 1 }, 'lambda'],
    [{ maxTokens: 128 }, 'maxTokens'],
  ])('rejects %j, which transformers have', (option, name) => {
    const options = { ...own, ...option };
    expect(() => resolveNgramSettings(options)).toThrow(
      'Expected only options of the architecture ngram (steps, pairs, dim, maxNgrams, data, out, read, seed, ' +
        'minPerId, validateEvery, validationShare, validationRows, patience, checkpointEvery, signal, events) ' +
        `for "options", got "${name}"`,
    );
  });

  it.each<[Partial<NgramTrainOptions>, string]>([
    [{ pairs: 1 }, 'pairs'],
    [{ dim: 0 }, 'dim'],
    [{ maxNgrams: 1.5 }, 'maxNgrams'],
    [{ seed: 2 ** 32 }, 'seed'],
    [{ patience: -1 }, 'patience'],
  ])('rejects %j by name', (wrong, name) => {
    expect(() => resolveNgramSettings({ ...own, ...wrong })).toThrow(`for "${name}"`);
  });
});

describe('resolveMaxTokens', () => {
  it('scales with lambda like the published runs, within the positions of the encoder', () => {
    const limits = [1, 5, 20, 80].map((lambda) => resolveMaxTokens({ lambda, maxTokens: undefined }, 8192));
    expect(limits).toEqual([256, 1024, 2048, 8192]);
    expect(resolveMaxTokens({ lambda: 80, maxTokens: undefined }, 512)).toBe(512);
  });

  it('rejects views longer than the positions', () => {
    expect(() => resolveMaxTokens({ lambda: 1, maxTokens: 513 }, 512)).toThrow(
      'Expected at most 512, the positions of the encoder, for "maxTokens", got 513',
    );
  });
});
