import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { writeNgramFolder } from '../../../src/encoder/ngrams/ngram-folder.js';
import { quantizeRows } from '../../../src/encoder/weights/weight-rounding.js';
import { extractNgrams } from '../../../src/text/ngrams/extract-ngrams.js';
import { randomNormal } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const DIM = 5;
const TEXTS = ['One, two: one two one.', 'Three\n\nfour', 'nothing known'];

/** Writes an encoder that knows the n-grams of the first two texts. */
async function writeEncoder() {
  const { ids, offsets } = await extractNgrams(TEXTS);
  const keys = Uint32Array.from(new Set(ids.subarray(0, offsets[2]))).sort();
  const rows = randomNormal(keys.length * DIM, 1);
  const folder = join(temporaryFolder(), 'small');
  await writeNgramFolder(folder, { orders: 3, maxTokens: 400, dim: DIM }, { keys, rows });
  return { folder, keys, rows };
}

describe('an n-gram encoder', () => {
  it('has the vectors of its definition: the sum of log(1 + count) times the int8 rows, at unit length', async () => {
    const { folder, keys, rows } = await writeEncoder();
    const { codes, scales } = quantizeRows(rows, DIM);
    const { ids, counts, offsets } = await extractNgrams(TEXTS);
    const expected = TEXTS.flatMap((_, text) => {
      const sum = new Float64Array(DIM);
      for (let i = offsets[text]!; i < offsets[text + 1]!; i++) {
        const row = keys.indexOf(ids[i]!);
        for (let d = 0; row >= 0 && d < DIM; d++)
          sum[d]! += Math.log(1 + counts[i]!) * scales[row]! * codes[row * DIM + d]!;
      }
      const norm = Math.hypot(...sum);
      return norm === 0 ? Array<number>(DIM).fill(1 / Math.sqrt(DIM)) : Array.from(sum, (value) => value / norm);
    });
    const encoder = await loadEncoder(folder);
    const { embeddings, textTokens, tokens } = await encoder.encode(TEXTS);
    embeddings.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect([...textTokens]).toEqual([8, 3, 2]);
    expect(tokens).toBe(13);
    expect(encoder).toMatchObject({ name: 'small', dim: DIM, backend: 'native', precision: 'f32', maxTokens: 400 });
    await encoder.dispose();
    await expect(encoder.encode(TEXTS)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('reads the answer, not the question', async () => {
    const encoder = await loadEncoder((await writeEncoder()).folder);
    const asked = await encoder.encode([{ question: TEXTS[1]!, answer: TEXTS[0]! }]);
    const plain = await encoder.encode([TEXTS[0]!]);
    expect(asked.embeddings).toEqual(plain.embeddings);
    await encoder.dispose();
  });

  it('takes any text', async () => {
    const encoder = await loadEncoder((await writeEncoder()).folder);
    const texts = ['', ' \n ', '\0', '\ud800', '😀', 'one '.repeat(1_000_000)];
    const { embeddings } = await encoder.encode(texts);
    for (let text = 0; text < texts.length; text++)
      expect(Math.hypot(...embeddings.subarray(text * DIM, (text + 1) * DIM))).toBeCloseTo(1, 5);
    await encoder.dispose();
  });

  it('reports progress and can be aborted between windows', async () => {
    const encoder = await loadEncoder((await writeEncoder()).folder);
    const many = Array<string>(20_000).fill('one two');
    const seen: number[] = [];
    await encoder.encode(many, { onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([8192, 16_384, 20_000]);
    const controller = new AbortController();
    const encoding = encoder.encode(many, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(encoding).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await encoder.dispose();
  });

  it('has another fingerprint with other weights or another token limit', async () => {
    const { folder, keys, rows } = await writeEncoder();
    const fingerprintOf = async (options = {}): Promise<string> => {
      const encoder = await loadEncoder(folder, options);
      await encoder.dispose();
      return encoder.fingerprint;
    };
    const first = await fingerprintOf();
    expect(await fingerprintOf({ maxTokens: 10 })).not.toBe(first);
    rows[0] = 9;
    await writeNgramFolder(folder, { orders: 3, maxTokens: 400, dim: DIM }, { keys, rows });
    expect(await fingerprintOf()).not.toBe(first);
  });

  it('refuses what only transformers support', async () => {
    const { folder } = await writeEncoder();
    await expect(loadEncoder(folder, { backend: 'onnx' })).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(loadEncoder(folder, { precision: 'int8' })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });

  it('refuses a configuration that does not match its table', async () => {
    const { folder } = await writeEncoder();
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    for (const [change, message] of [
      [{ hidden_size: 6 }, /expected the shape \[\d+, 6\] for "embeddings"/],
      [{ orders: 4 }, /"orders" is 4, but at most 3/],
      [{ features: 'ngrams-2' }, /trained on features "ngrams-2"/],
      [{ max_tokens: 0 }, /an integer >= 1 for max_tokens/],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...config, ...change }));
      await expect(loadEncoder(folder)).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringMatching(message) as string,
      });
    }
  });
});
