import { describe, expect, it } from 'vitest';

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
  ])('rejects %j by name', (wrong, name) => {
    expect(() => resolveTrainSettings({ ...given, ...(wrong as Partial<TrainOptions>) })).toThrow(
      new RegExp(`"?${name}"?`),
    );
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
