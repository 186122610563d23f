/** An architecture is one descriptor. No other code depends on the files, tensors and layers of transformers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it, vi } from 'vitest';

import { exportEncoder } from '../../src/encoder/export/export-encoder.js';
import { writeSafetensors } from '../../src/encoder/formats/safetensors-writer.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { train } from '../../src/training/train.js';
import { randomNormal } from '../support/random.js';
import { writeRecords } from '../support/records.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tokenTableFiles } from '../support/token-table-architecture.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';
import { answers } from '../support/trainable-encoder.js';

vi.mock(import('../../src/encoder/architectures/index.js'), async (original) => {
  const { ARCHITECTURES } = await original();
  const { tokenTable } = await import('../support/token-table-architecture.js');
  return { ARCHITECTURES: [...ARCHITECTURES, tokenTable] };
});

const DIM = 8;
const VOCABULARY = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'q',
  'a',
  ':',
  ...Array.from({ length: 300 }, (_, i) => `w${i}`),
];
const table = randomNormal(VOCABULARY.length * DIM, 1);

async function writeTokenTable(): Promise<string> {
  const folder = join(temporaryFolder(), 'static');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(tokenTableFiles(VOCABULARY)))
    writeFileSync(join(folder, name), JSON.stringify(content));
  const shape = [VOCABULARY.length, DIM];
  await writeSafetensors(join(folder, 'model.safetensors'), [{ name: 'embedding.weight', shape, read: () => table }]);
  return folder;
}

async function embed(folder: string, texts: readonly string[], backend: 'native' | 'onnx' = 'native') {
  const encoder = await loadEncoder(folder, { backend });
  const { embeddings } = await encoder.encode(texts);
  const { fingerprint } = encoder;
  await encoder.dispose();
  return { embeddings, fingerprint };
}

/** Computes the mean of the rows of a text's tokens, including [CLS] and [SEP], scaled to unit length. */
function expected(text: string): number[] {
  const ids = ['[CLS]', ...text.split(' '), '[SEP]'].map((word) => VOCABULARY.indexOf(word));
  const sum = Array.from({ length: DIM }, (_, j) => ids.reduce((total, id) => total + table[id * DIM + j]!, 0));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

const texts = ['w1 w2 w3', 'w7', Array.from({ length: 700 }, (_, i) => `w${i % 300}`).join(' ')];

it('embeds, with its own fingerprint', async () => {
  const folder = await writeTokenTable();
  const encoder = await loadEncoder(folder, { maxTokens: 1000 });
  expect(encoder).toMatchObject({ backend: 'native', dim: DIM, maxTokens: 1000 });
  const { embeddings } = await encoder.encode(texts);
  await encoder.dispose();
  expect(relativeError(embeddings, texts.flatMap(expected))).toBeLessThan(TOLERANCE.f32Sum);
  const [here, there] = [await embed(folder, []), await embed(await writeTokenTable(), [])];
  expect(here.fingerprint).toBe(there.fingerprint);
});

it('exports to both formats', async () => {
  const folder = await writeTokenTable();
  const { embeddings } = await embed(folder, texts);
  for (const to of ['safetensors', 'onnx'] as const) {
    const target = join(temporaryFolder(), to);
    await exportEncoder(folder, target, { to });
    const written = await embed(target, texts, to === 'onnx' ? 'onnx' : 'native');
    expect(relativeError(written.embeddings, embeddings)).toBeLessThan(TOLERANCE.f32Sum);
  }
});

it('can be trained to identify, and is saved with the same architecture', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'answers.jsonl');
  writeRecords(data, answers(4, 40));
  const { encoder, best } = await train({
    data: [data],
    encoder: await writeTokenTable(),
    out: join(folder, 'run'),
    lambda: 1,
    steps: 150,
    batchSize: 16,
    learningRate: 0.1,
    validateEvery: 50,
    validationShare: 0.3,
  });
  expect(best!.balancedAccuracy).toBeGreaterThan(0.9);
  const trained = await embed(encoder, texts);
  expect(relativeError(trained.embeddings, texts.flatMap(expected))).toBeGreaterThan(0.1);
});
