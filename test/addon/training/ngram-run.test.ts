import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SeenAnswerCounter } from '../../../src/encoder/folder/training-answers.js';
import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { readRecords } from '../../../src/records/read-records.js';
import type { QaRecord } from '../../../src/records/record.js';
import type { NgramTrainOptions } from '../../../src/training/ngrams/ngram-settings.js';
import { plotTraining } from '../../../src/training/plots.js';
import { train } from '../../../src/training/train.js';
import { writeRecords } from '../../support/records.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { answers } from '../../support/trainable-encoder.js';
import { checkpoints, course, metricsOf, weights } from '../../support/training-setting.js';

/** Two sources of answers, whose models differ in their words, and options for a short run. */
function setting(change = (record: QaRecord): QaRecord => record): NgramTrainOptions & { data: string[] } {
  const folder = temporaryFolder();
  const data = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')];
  writeRecords(data[0]!, answers(4, 40).map(change));
  writeRecords(data[1]!, answers(3, 30, { seed: 2, prefix: 'other-' }).map(change));
  return {
    architecture: 'ngram',
    data,
    out: join(folder, 'run'),
    steps: 8,
    pairs: 16,
    dim: 8,
    validateEvery: 4,
    validationShare: 0.3,
    checkpointEvery: 3,
  };
}

describe('train with n-grams', () => {
  it('learns to identify answers to questions it was not trained on, and saves encoders that load', async () => {
    const options = { ...setting(), steps: 60, validateEvery: 30 };
    const summary = await train(options);
    const validations = metricsOf(options.out).filter(({ kind }) => kind === 'validation');
    expect(validations.map(({ step }) => step)).toEqual([0, 30, 60]);
    // Sums of random vectors of equal words already identify many answers.
    expect(summary.best!.balancedAccuracy).toBeGreaterThan((validations[0]!['balancedAccuracy'] as number) + 0.05);
    expect(summary).toMatchObject({ encoder: join(options.out, 'best'), steps: 60, tokens: 0, valueIds: 4 });
    expect(summary.rows + summary.validationRows).toBe(4 * 40 + 3 * 30);
    for (const name of ['best', 'last']) {
      const encoder = await loadEncoder(join(options.out, name));
      expect(encoder.dim).toBe(8);
      // Words of the first model and of the second one.
      const { embeddings } = await encoder.encode(['w200 w201 w202', 'w203 w204 w205', 'w210 w211 w212']);
      const cosine = (i: number, j: number): number =>
        embeddings.subarray(8 * i, 8 * i + 8).reduce((sum, x, d) => sum + x * embeddings[8 * j + d]!, 0);
      expect(cosine(0, 1)).toBeGreaterThan(cosine(0, 2) + 0.5);
      await encoder.dispose();
    }
    expect((await plotTraining(options.out)).map((path) => path.slice(options.out.length + 1))).toEqual([
      'loss.svg',
      'learning-rate.svg',
      'validation.svg',
    ]);
  });

  it('resumes bit for bit after an abort at every step', async () => {
    const options = setting();
    const complete = `${options.out}-complete`;
    await train({ ...options, out: complete });
    for (let aborts = 0; ; aborts++) {
      const controller = new AbortController();
      const events = { onStep: () => controller.abort() };
      const result = await train({ ...options, signal: controller.signal, events }).catch((error: unknown) => error);
      if (!(result instanceof Error)) {
        expect(aborts).toBe(7);
        break;
      }
      expect(result).toMatchObject({ code: 'ERR_ABORTED' });
      expect(checkpoints(options.out)).toEqual([`step-000000000${aborts + 1}`]);
    }
    for (const name of ['best', 'last'])
      expect(weights(options.out, name).equals(weights(complete, name)), name).toBe(true);
    expect(course(options.out)).toEqual(course(complete));
    expect(await train(options)).toMatchObject({ steps: 8, loss: undefined });
    const other = { ...options, out: `${options.out}-other`, seed: 43 };
    await train(other);
    expect(weights(other.out).equals(weights(complete))).toBe(false);
  });

  it('does not know n-grams that only held-out answers, or excluded value ids, have', async () => {
    const mark = (qid: string): string => `mark${qid.replace('-', '')}`;
    const options = setting((record) => ({ ...record, answer: `${record.answer} ${mark(record.qid)}` }));
    const rare = join(options.out, '..', 'rare.jsonl');
    writeRecords(
      rare,
      answers(1, 2).map((record) => ({ ...record, model: 'rare', answer: 'hapax' })),
    );
    const { rows } = await train({ ...options, data: [rare, ...options.data], minPerId: 3 });
    const encoder = await loadEncoder(join(options.out, 'last'));
    // All entries of the vector of a text without known n-grams are equal.
    const isKnown = async (text: string): Promise<boolean> =>
      new Set((await encoder.encode([text])).embeddings).size > 1;
    expect(await isKnown('hapax')).toBe(false);
    let trained = 0;
    for (let q = 0; q < 40; q++) if (await isKnown(mark(`q${q}`))) trained += 4;
    for (let q = 0; q < 30; q++) if (await isKnown(mark(`other-q${q}`))) trained += 3;
    expect(trained).toBe(rows);
    await encoder.dispose();
  });

  it('remembers which answers it was trained on, and not those held out', async () => {
    const lengthen = (record: QaRecord): QaRecord => ({
      ...record,
      answer: `${record.qid} ${record.answer.repeat(20)}`,
    });
    const options = { ...setting(lengthen), steps: 1, validateEvery: 1 };
    const { rows, validationRows } = await train(options);
    const counter = (await SeenAnswerCounter.open(join(options.out, 'last')))!;
    for await (const { records } of readRecords(options.data)) counter.add(records.map(({ answer }) => answer));
    const { sampled, seen } = counter.counts;
    expect(seen).toBeGreaterThan(0);
    expect(Math.abs(seen / sampled - rows / (rows + validationRows))).toBeLessThan(0.2);
  });

  it('refuses data that changes between its two readings', async () => {
    const options = setting();
    const onRead = (records: number): void => {
      if (records === 250) writeRecords(options.data[1]!, answers(3, 29, { seed: 2, prefix: 'other-' }));
    };
    await expect(train({ ...options, events: { onRead } })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: 'The data changed while it was read; run the training again',
    });
  });
});
