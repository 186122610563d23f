import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Checkpoint, loadCheckpoint, readSource } from '../../src/encoder/weights/checkpoint.js';
import type { LossSettings } from '../../src/native/encoder-model.js';
import { openParityFixture, type ParityFixture } from '../support/parity.js';
import { relativeError } from '../support/tolerances.js';

describe.each(['bert-tiny', 'nomic-tiny'] as const)('layers of %s', (name) => {
  let fixture: ParityFixture;
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    fixture = await openParityFixture(name);
    checkpoint = await loadCheckpoint(fixture.folder, { pooling: 'mean', normalize: true }, 'f32');
  });
  afterAll(async () => {
    await checkpoint.model.dispose();
    await fixture.close();
  });

  const states = async (view: 0 | 1, layers: number): Promise<Float32Array> => {
    const hidden = new Float32Array(fixture.views[view].ids.length * checkpoint.model.spec.hidden);
    await checkpoint.model.encode(fixture.views[view], { hidden, layers });
    return hidden;
  };
  const gradients = async (settings: Partial<LossSettings>): Promise<Map<string, Float32Array>> => {
    const { model, sources } = checkpoint;
    const defaults = {
      labels: undefined,
      mode: 'one-way',
      logitScale: fixture.scale,
      memoryBudget: 2 ** 30,
      firstTrainedLayer: 1,
    } as const;
    await model.backward(...fixture.views, { ...defaults, ...settings });
    return new Map(sources.map((source) => [source.file, readSource(model, source, 'gradients')]));
  };

  it('gives the states after any number of layers', async () => {
    const { layers, hidden } = checkpoint.model.spec;
    const normalized = await states(0, 0);
    const all = [normalized, await states(0, 1), await states(0, layers)];
    expect(relativeError(all[2]!, await fixture.hidden(0))).toBeLessThan(1e-5);
    for (const [i, one] of all.entries())
      for (const other of all.slice(i + 1)) expect(relativeError(one, other)).toBeGreaterThan(0.01);

    // The layer norm of the tables' sum, by hand, for the first token.
    const read = (parameter: string, row: number): Float32Array => {
      const out = new Float32Array(hidden);
      checkpoint.model.read('parameters', parameter, row, out);
      return out;
    };
    const tables = [
      read('word', fixture.views[0].ids[0]!),
      read('type', 0),
      ...(checkpoint.model.parameters.has('position') ? [read('position', 0)] : []),
    ];
    const sum = Array.from({ length: hidden }, (_, j) => tables.reduce((total, table) => total + table[j]!, 0));
    const mean = sum.reduce((a, b) => a + b) / hidden;
    const variance = sum.reduce((total, value) => total + (value - mean) ** 2, 0) / hidden;
    const expected = sum.map(
      (value, j) =>
        ((value - mean) / Math.sqrt(variance + checkpoint.model.spec.epsilon)) * read('norm.weight', 0)[j]! +
        read('norm.bias', 0)[j]!,
    );
    expect(relativeError(normalized.subarray(0, hidden), expected)).toBeLessThan(1e-5);
  });

  // With all memory, with projections computed again, and through the gradient cache.
  it.each([2 ** 30, 100_000, 0])(
    'takes the states below the trained layers instead of running these, with a budget of %i',
    async (memoryBudget) => {
      // In one call, as the step does it: then even the last bits are the same.
      const [query, key] = fixture.views;
      const ids = Int32Array.of(...query.ids, ...key.ids);
      const offsets = Int32Array.of(
        ...query.offsets,
        ...key.offsets.subarray(1).map((offset) => query.ids.length + offset),
      );
      const lowerStates = new Float32Array(ids.length * checkpoint.model.spec.hidden);
      await checkpoint.model.encode({ ids, offsets }, { hidden: lowerStates, layers: 1 });
      const expected = await gradients({ memoryBudget });
      const actual = await gradients({ memoryBudget, lowerStates });
      for (const [tensor, gradient] of actual) expect(gradient, tensor).toEqual(expected.get(tensor));
      expect([...actual.values()].some((gradient) => gradient.some((value) => value !== 0))).toBe(true);

      const other = await gradients({ memoryBudget, lowerStates: lowerStates.map((value) => 0.5 * value) });
      expect([...other].some(([tensor, gradient]) => relativeError(gradient, expected.get(tensor)!) > 0.01)).toBe(true);
    },
  );

  it('refuses states and layers that do not fit, by name', async () => {
    const { model } = checkpoint;
    await expect(model.encode(fixture.views[0], { layers: 3 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('"layers"') as string,
    });
    await expect(model.encode(fixture.views[0], { hidden: new Float32Array(1) })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
    });
    await expect(gradients({ lowerStates: new Float32Array(1) })).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
    await expect(gradients({ firstTrainedLayer: 0, lowerStates: new Float32Array(1) })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
    await expect(gradients({ firstTrainedLayer: 3 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });
});
