import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  SeenAnswerCounter,
  TRAINING_ANSWERS,
  TrainingAnswers,
} from '../../../../src/encoder/folder/training-answers.js';
import { SafetensorsFile } from '../../../../src/encoder/formats/safetensors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const answers = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}: ${'Honesty is a duty towards others. '.repeat(10)}`);

async function folderOf(trained: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const sample = new TrainingAnswers();
  sample.add(trained);
  await sample.write(folder);
  return folder;
}

async function count(folder: string, texts: readonly string[]) {
  const counter = (await SeenAnswerCounter.open(folder))!;
  counter.add(texts);
  return counter.counts;
}

describe('training answers', () => {
  it('are recognised among others, in a sample of a sixteenth', async () => {
    const trained = answers('trained', 1600);
    const folder = await folderOf(trained);
    const { sampled, seen } = await count(folder, trained);
    expect(seen).toBe(sampled);
    expect(Math.abs(sampled - 100)).toBeLessThan(40);
    const mixed = await count(folder, [...trained, ...answers('new', 1600)]);
    expect(mixed.seen).toBe(seen);
    expect(mixed.sampled).toBeGreaterThan(1.5 * sampled);
  });

  it('are recognised if they are cut, or surrounded by white space', async () => {
    const trained = answers('trained', 400);
    const folder = await folderOf(trained);
    const { seen } = await count(folder, trained);
    expect(
      await count(
        folder,
        trained.map((text) => `\n ${text.slice(0, 300)}`),
      ),
    ).toMatchObject({ seen });
  });

  it('leave out short answers, which many data sets share', async () => {
    const refusals = Array.from({ length: 400 }, (_, i) => `I cannot help with that (${i}).`);
    expect(await count(await folderOf(refusals), refusals)).toMatchObject({ sampled: 0, seen: 0 });
  });

  it('have the fingerprints of docs/encoders.md', async () => {
    // Computed with Python's hashlib.
    const folder = await folderOf(answers('frozen', 64));
    const tensors = await SafetensorsFile.open(join(folder, TRAINING_ANSWERS));
    expect(Array.from(new Uint32Array(await tensors.readBytes('fingerprints')))).toEqual([
      2465063412, 3339725185, 3447486282,
    ]);
    await tensors.close();
  });

  it('are unknown without the file, and a damaged file is reported', async () => {
    expect(await SeenAnswerCounter.open(temporaryFolder())).toBeUndefined();
    const folder = await folderOf(answers('trained', 400));
    truncateSync(join(folder, TRAINING_ANSWERS), 100);
    await expect(SeenAnswerCounter.open(folder)).rejects.toMatchObject({ code: 'ERR_DATA' });
    writeFileSync(join(folder, TRAINING_ANSWERS), 'no');
    await expect(SeenAnswerCounter.open(folder)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
