import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Checkpoint, loadCheckpoint } from '../../src/encoder/weights/checkpoint.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/training/trainer.js';
import { openParityFixture, type ParityFixture } from '../support/parity.js';
import { cosine, relativeError } from '../support/tolerances.js';

const MODES = [
  ['one-way', 'one'],
  ['symmetric', 'symmetric'],
  ['masked', 'masked'],
  ['supervised', 'supcon'],
] as const;

describe.each(['bert-tiny', 'nomic-tiny'] as const)('%s', (name) => {
  let fixture: ParityFixture;
  beforeAll(async () => {
    fixture = await openParityFixture(name);
  });
  afterAll(() => fixture.close());

  const withTrainer = async <T>(
    options: Partial<TrainerOptions>,
    use: (trainer: Trainer) => Promise<T>,
  ): Promise<T> => {
    const trainer = await createTrainer({ encoder: fixture.folder, logitScale: fixture.scale, ...options });
    try {
      return await use(trainer);
    } finally {
      await trainer.dispose();
    }
  };
  const batch = () => ({ query: fixture.views[0], key: fixture.views[1], labels: fixture.labels });

  it('gives the hidden states and embeddings of PyTorch', async () => {
    const { model }: Checkpoint = await loadCheckpoint(fixture.folder, { pooling: 'mean', normalize: true }, 'f32');
    for (const view of [0, 1] as const) {
      const hidden = new Float32Array(fixture.views[view].ids.length * model.spec.hidden);
      const embeddings = await model.encode(fixture.views[view], { hidden });
      expect(relativeError(hidden, await fixture.hidden(view))).toBeLessThan(1e-5);
      expect(relativeError(embeddings, await fixture.tensor(`embedding.${view}`))).toBeLessThan(1e-5);
    }
    await model.dispose();
  });

  it.each(MODES)('gives the loss of mode %s', async (mode, key) => {
    await withTrainer({ mode }, async (trainer) => {
      const { loss } = await trainer.backward(batch());
      expect(Math.abs(loss - fixture.losses[key]) / fixture.losses[key]).toBeLessThan(1e-5);
    });
  });

  // The three ways of spending memory: everything kept, projections computed again, gradient cache.
  it.each([
    ['symmetric', 2 ** 30],
    ['masked', 2 ** 30],
    ['masked', 200_000],
    ['masked', 0],
  ] as const)('gives every gradient of mode %s with a memory budget of %i', async (mode, memoryBudget) => {
    await withTrainer({ mode, memoryBudget }, async (trainer) => {
      const { gradients } = await trainer.backward(batch());
      const names = fixture.tensorNames.filter((tensor) => tensor.startsWith(`grad.${mode}.`));
      expect([...gradients.keys()].sort()).toEqual(names.map((tensor) => tensor.slice(`grad.${mode}.`.length)).sort());
      const largest = Math.max(
        ...(await Promise.all(names.map(async (tensor) => Math.max(...(await fixture.tensor(tensor)).map(Math.abs))))),
      );
      for (const [tensor, gradient] of gradients) {
        const expected = await fixture.tensor(`grad.${mode}.${tensor}`);
        // Some gradients are zero but for rounding (key biases): those are measured against the largest of all.
        const scale = Math.max(...expected.map(Math.abs)) < 1e-6 * largest ? largest : undefined;
        const error =
          scale === undefined ? relativeError(gradient, expected) : Math.max(...gradient.map(Math.abs)) / scale;
        expect(error, tensor).toBeLessThan(1e-4);
      }
    });
  });

  it('gives gradients in bf16 that point where those of PyTorch do', async () => {
    await withTrainer({ mode: 'masked', precision: 'bf16' }, async (trainer) => {
      const { gradients } = await trainer.backward(batch());
      const expected = await Promise.all(
        [...gradients.keys()].map((tensor) => fixture.tensor(`grad.masked.${tensor}`)),
      );
      const [actual, wanted] = [[...gradients.values()], expected].map((parts) => parts.flatMap((part) => [...part]));
      expect(cosine(actual!, wanted!)).toBeGreaterThan(0.9995);
    });
  });

  it('retraces six AdamW steps', async () => {
    const { lr, weight_decay, max_grad_norm, warmup_steps, trace } = fixture.training;
    const options = {
      mode: 'one-way',
      learningRate: lr,
      weightDecay: weight_decay,
      maxGradNorm: max_grad_norm,
      warmupSteps: warmup_steps,
    } as const;
    await withTrainer(options, async (trainer) => {
      for (const expected of trace) {
        const { loss, gradNorm, learningRate } = await trainer.step(batch());
        expect(learningRate).toBeCloseTo(expected.lr, 12);
        expect(Math.abs(loss - expected.loss) / expected.loss).toBeLessThan(1e-4);
        expect(Math.abs(gradNorm - expected.grad_norm) / expected.grad_norm).toBeLessThan(1e-3);
      }
      expect(trainer.steps).toBe(trace.length);
      const after = await trainer.encode(fixture.views[0]);
      expect(relativeError(after, await fixture.tensor('embedding_after_training.0'))).toBeLessThan(1e-3);
    });
  });

  it('gives each text of a batch what it gets alone, and bf16 close to f32', async () => {
    await withTrainer({}, async (trainer) => {
      const { ids, offsets } = fixture.views[0];
      const together = await trainer.encode(fixture.views[0]);
      for (let i = 0; i + 1 < offsets.length; i++) {
        const own = ids.slice(offsets[i], offsets[i + 1]);
        const alone = await trainer.encode({ ids: own, offsets: Int32Array.of(0, own.length) });
        expect(relativeError(together.subarray(i * trainer.dim, (i + 1) * trainer.dim), alone)).toBeLessThan(1e-6);
      }
      await withTrainer({ precision: 'bf16' }, async (rounded) => {
        const other = await rounded.encode(fixture.views[0]);
        for (let i = 0; i + 1 < offsets.length; i++) {
          const [begin, end] = [i * trainer.dim, (i + 1) * trainer.dim];
          expect(cosine(together.subarray(begin, end), other.subarray(begin, end))).toBeGreaterThan(0.9995);
        }
      });
    });
  });

  it('gives the word vector of the padding token no gradient, as PyTorch does', async () => {
    await withTrainer({}, async (trainer) => {
      const { query, ...rest } = batch();
      const ids = query.ids.slice();
      ids[1] = 0;
      const { gradients } = await trainer.backward({ query: { ...query, ids }, ...rest });
      const [, words] = [...gradients].find(([tensor]) => tensor.endsWith('word_embeddings.weight'))!;
      const width = (await trainer.encode(query)).length / (query.offsets.length - 1);
      expect(words.subarray(0, width).every((value) => value === 0)).toBe(true);
      expect(words.some((value) => value !== 0)).toBe(true);
    });
  });

  it('leaves frozen layers alone and trains the others', async () => {
    await withTrainer({ firstTrainedLayer: 1, learningRate: 1e-3 }, async (trainer) => {
      const { gradients } = await trainer.backward(batch());
      const isLower = (tensor: string): boolean => !/layers?\.1\./.test(tensor);
      for (const [tensor, gradient] of gradients)
        expect(
          gradient.some((value) => value !== 0),
          tensor,
        ).toBe(!isLower(tensor));
    });
  });

  it('refuses what does not fit, by name', async () => {
    await withTrainer({}, async (trainer) => {
      const [query, key] = fixture.views;
      await expect(trainer.step({ query, key })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
      const strange = { ids: Int32Array.of(500), offsets: Int32Array.of(0, 1) };
      await expect(trainer.encode(strange)).rejects.toMatchObject({
        code: 'ERR_ARG_RANGE',
        message: expect.stringContaining('ids[0]') as string,
      });
      await expect(trainer.encode({ ids: Int32Array.of(), offsets: Int32Array.of(0, 0) })).rejects.toMatchObject({
        code: 'ERR_ARG_RANGE',
      });
      await expect(
        trainer.step({
          query,
          key: { ids: key.ids.slice(0, key.offsets[1]), offsets: key.offsets.slice(0, 2) },
          labels: fixture.labels,
        }),
      ).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
      expect(trainer.steps).toBe(0);
      await trainer.dispose();
      await trainer.dispose();
      await expect(trainer.encode(query)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    });
    await expect(createTrainer({ encoder: fixture.folder, decay: 'cosine' })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
  });
});
