/** Tests the encoder with real models: correctness against sentence-transformers, and independence of batches. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import type { Encoder } from '../../src/encoder/encoder.js';
import { exportEncoder } from '../../src/encoder/export/export-encoder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const FLOAT_MODEL = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2/', import.meta.url));
const ANSWERS = fileURLToPath(new URL('../fixtures/answers-small.jsonl', import.meta.url));

interface Reference {
  text: string;
  embedding: Float32Array;
  tokens: number;
}

/** Answers in several languages and scripts. */
function someAnswers(): string[] {
  const lines = readFileSync(ANSWERS, 'utf8').trimEnd().split('\n');
  return lines.filter((_, i) => i % 6 === 0).map((line) => (JSON.parse(line) as { answer: string }).answer);
}

function fullReference(): Reference[] {
  const { texts, ids } = JSON.parse(readFileSync(`${FLOAT_MODEL}reference.json`, 'utf8')) as {
    texts: string[];
    ids: number[][];
  };
  const npy = readFileSync(`${FLOAT_MODEL}reference.npy`);
  const rows = floats(npy.subarray(npy.length - texts.length * 384 * 4));
  return texts.map((text, i) => ({ text, embedding: rows.subarray(i * 384, (i + 1) * 384), tokens: ids[i]!.length }));
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

const row = (embeddings: Float32Array, i: number): Float32Array => embeddings.subarray(i * 384, (i + 1) * 384);

describe.skipIf(!existsSync(FLOAT_MODEL))(
  'all-MiniLM-L6-v2 in float32 (skipped where ../shared/models is absent)',
  () => {
    it('agrees with sentence-transformers', async () => {
      const encoder = await loadEncoder(FLOAT_MODEL, { backend: 'onnx' });
      const reference = fullReference();
      const result = await encoder.encode(reference.map(({ text }) => text));
      expect(result).toMatchObject({
        rows: 48,
        dim: 384,
        tokens: reference.reduce((sum, { tokens }) => sum + tokens, 0),
      });
      reference.forEach(({ embedding }, i) =>
        expect(largestDifference(row(result.embeddings, i), embedding)).toBeLessThan(1e-5),
      );
      await encoder.dispose();
    });
  },
);

describe('the default encoder', () => {
  it('describes itself', async () => {
    const encoder = await loadEncoder(MINI_ENCODER);
    expect(encoder).toMatchObject({
      name: 'univar-mini',
      dim: 384,
      maxTokens: 256,
      backend: 'native',
      precision: 'int8',
    });
    await encoder.dispose();
  });
});

describe('the graph of the default encoder', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'univar-graph-'));
  const folder = join(scratch, 'graph');
  let encoder: Encoder;
  beforeAll(async () => {
    await exportEncoder(MINI_ENCODER, folder, { to: 'onnx' });
    encoder = await loadEncoder(folder, { backend: 'onnx' });
  });
  afterAll(async () => {
    await encoder.dispose();
    rmSync(scratch, { recursive: true });
  });

  it('gives the vectors of the native encoder', async () => {
    const native = await loadEncoder(MINI_ENCODER, { precision: 'f32' });
    const [expected, actual] = [await native.encode(someAnswers()), await encoder.encode(someAnswers())];
    expect(actual.tokens).toBe(expected.tokens);
    expect(relativeError(actual.embeddings, expected.embeddings)).toBeLessThan(TOLERANCE.f32Sum);
    await native.dispose();
  });

  it('gives a text the same vector in any call', async () => {
    const texts = someAnswers();
    const together = await encoder.encode(texts);
    for (const i of [0, 1, 4, 7, 11]) {
      const { embeddings } = await encoder.encode([texts[i]!]);
      expect(largestDifference(embeddings, row(together.embeddings, i))).toBeLessThan(1e-6);
    }
  });

  it('accepts blank, unusual and huge texts', async () => {
    const { embeddings, tokens } = await encoder.encode([
      '',
      ' \n\t ',
      '\ud800 lone \udc00',
      'word '.repeat(200_000),
      '\0',
    ]);
    expect(embeddings.every(Number.isFinite)).toBe(true);
    expect(largestDifference(row(embeddings, 0), row(embeddings, 1))).toBe(0);
    expect(tokens).toBeGreaterThan(encoder.maxTokens);
    expect(tokens).toBeLessThan(encoder.maxTokens + 32);
  });

  it('does not block the event loop while a batch is computed', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await encoder.encode(Array.from({ length: 16 }, () => 'word '.repeat(300)));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it('cuts at maxTokens, within the positions of the model', async () => {
    const short = await loadEncoder(folder, { backend: 'onnx', maxTokens: 16, threads: 1, batchTokens: 32 });
    expect((await short.encode(['word '.repeat(100), 'word'])).tokens).toBe(16 + 3);
    expect(short.maxTokens).toBe(16);
    expect(short.fingerprint).not.toBe(encoder.fingerprint);
    await short.dispose();
    const options = [{ maxTokens: 513 }, { maxTokens: 1 }, { threads: 0 }, { batchTokens: 0.5 }];
    for (const option of options)
      await expect(loadEncoder(folder, { backend: 'onnx', ...option })).rejects.toMatchObject({
        code: 'ERR_ARG_RANGE',
      });
    await expect(loadEncoder(folder, { maxToken: 3 } as object)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
  });
});
