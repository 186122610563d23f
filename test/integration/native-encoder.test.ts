/** Tests when loadEncoder chooses the native backend, and that its vectors equal those of the others. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import type { Encoder } from '../../src/encoder/encoder.js';
import type { LoadEncoderOptions } from '../../src/encoder/encoder-plan.js';
import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import { writeSafetensors } from '../../src/encoder/formats/safetensors-writer.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { loadCheckpoint } from '../../src/encoder/weights/checkpoint.js';
import { capabilities } from '../../src/native/capabilities.js';
import { loadTokenizer } from '../../src/text/tokenizers/load-tokenizer.js';
import { onnxModel } from '../support/onnx-bytes.js';
import { PARITY_TEXTS, writeParityEncoder } from '../support/parity-encoder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TINY_GRAPH, wordPieceJson, writeTinyEncoder } from '../support/tiny-encoder.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const MINILM = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2/', import.meta.url));
const GRAPH = onnxModel(TINY_GRAPH);

async function using<T>(
  folder: string,
  options: LoadEncoderOptions,
  use: (encoder: Encoder) => Promise<T>,
): Promise<T> {
  const encoder = await loadEncoder(folder, options);
  try {
    return await use(encoder);
  } finally {
    await encoder.dispose();
  }
}

const embed = (folder: string, options: LoadEncoderOptions, texts: readonly string[]): Promise<Float32Array> =>
  using(folder, options, async (encoder) => (await encoder.encode(texts)).embeddings);

function smallestCosine(a: Float32Array, b: Float32Array, dim: number): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const rows = Array.from(
    { length: a.length / dim },
    (_, i) => [a.subarray(i * dim, (i + 1) * dim), b.subarray(i * dim, (i + 1) * dim)] as const,
  );
  return Math.min(...rows.map(([x, y]) => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))));
}

describe.each(['bert-tiny', 'nomic-tiny'] as const)('%s', (name) => {
  const encoderFolder = (changes?: Record<string, unknown>): string =>
    writeParityEncoder(temporaryFolder(), name, changes);

  it('gives each text the vector of the model, in the order of the texts, for any batches', async () => {
    const folder = encoderFolder();
    const tokenizer = await loadTokenizer(`${folder}/tokenizer.json`);
    const { model } = await loadCheckpoint(folder, { pooling: 'mean', normalize: false }, 'f32');
    const expected: number[] = [];
    let tokens = 0;
    for (const text of PARITY_TEXTS) {
      const packed = await tokenizer.encode([text], { maxTokens: 32 });
      expected.push(...(await model.encode(packed)));
      tokens += packed.ids.length;
    }
    await Promise.all([model.dispose(), tokenizer.dispose()]);
    for (const batchTokens of [1, 40, 4096]) {
      await using(folder, { batchTokens }, async (encoder) => {
        expect(encoder).toMatchObject({ backend: 'native', precision: 'f32', dim: 64, maxTokens: 32 });
        const done: number[] = [];
        const result = await encoder.encode(PARITY_TEXTS, { onProgress: (count) => done.push(count) });
        expect(result).toMatchObject({ rows: 12, dim: 64, tokens });
        expect(relativeError(result.embeddings, expected)).toBeLessThan(TOLERANCE.f32Sum);
        expect(done.at(-1)).toBe(12);
      });
    }
  });

  it('computes in bf16 on request, with another fingerprint', async () => {
    const folder = encoderFolder();
    const exact = await embed(folder, {}, PARITY_TEXTS);
    await using(folder, { precision: 'bf16' }, async (encoder) => {
      const { embeddings } = await encoder.encode(PARITY_TEXTS);
      expect(encoder.precision).toBe('bf16');
      expect(embeddings).not.toEqual(exact);
      expect(smallestCosine(embeddings, exact, 64)).toBeGreaterThan(0.999);
      expect(encoder.fingerprint).not.toBe(await using(folder, {}, (f32) => Promise.resolve(f32.fingerprint)));
    });
  });

  it('has the same fingerprint in any folder', async () => {
    const [here, there] = [encoderFolder(), encoderFolder()];
    expect(here).not.toBe(there);
    const of = (folder: string): Promise<string> =>
      using(folder, {}, ({ fingerprint }) => Promise.resolve(fingerprint));
    expect(await of(there)).toBe(await of(here));
  });

  it('reports tensors that are missing, unknown or of the wrong shape', async () => {
    const folder = encoderFolder();
    const file = await SafetensorsFile.open(`${folder}/model.safetensors`);
    const tensors = await Promise.all(
      [...file.tensors].map(async ([tensor, { shape }]) => ({
        name: tensor,
        shape,
        values: await file.readFloat32(tensor),
      })),
    );
    await file.close();
    const write = (list: { name: string; shape: number[]; values: Float32Array }[]): Promise<void> =>
      writeSafetensors(
        `${folder}/model.safetensors`,
        list.map(({ values, ...tensor }) => ({ ...tensor, read: () => values })),
      );
    const type = 'embeddings.token_type_embeddings.weight';
    await write([
      ...tensors.filter((tensor) => tensor.name !== type),
      { name: 'extra.weight', shape: [1], values: new Float32Array(1) },
    ]);
    await expect(loadEncoder(folder)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(
        /lacks the tensors embeddings\.token_type_embeddings\.weight; it has unknown tensors extra\.weight$/,
      ) as string,
    });
    await write(
      tensors.map((tensor) =>
        tensor.name === type ? { ...tensor, shape: [1, 64], values: tensor.values.slice(64) } : tensor,
      ),
    );
    await expect(loadEncoder(folder)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/token_type.*shape \[1, 64\].*\[2, 64\]/) as string,
    });
  });
});

describe('the backend', () => {
  const bert = (changes?: Record<string, unknown>): string =>
    writeParityEncoder(temporaryFolder(), 'bert-tiny', changes);
  const chosen = (folder: string, options: LoadEncoderOptions = {}): Promise<string> =>
    using(folder, options, (encoder) => Promise.resolve(encoder.backend));

  it('is native if both work, and ONNX Runtime if only it works', async () => {
    // The graph has other, narrower weights: a call of it would fail.
    expect(await chosen(bert({ 'model.onnx': GRAPH }))).toBe('native');
    expect(await chosen(writeTinyEncoder(temporaryFolder()))).toBe('onnx');
    const other = { 'model.safetensors': readFileSync(`${bert()}/model.safetensors`) };
    expect(await chosen(writeTinyEncoder(temporaryFolder(), other))).toBe('onnx'); // config.json has no sizes
    const roberta = { model_type: 'roberta', vocab_size: 7, hidden_size: 4 };
    expect(await chosen(writeTinyEncoder(temporaryFolder(), { ...other, 'config.json': roberta }))).toBe('onnx');
  });

  it('is rejected with the reason if the requested one cannot be used', async () => {
    const refused = async (
      folder: string,
      options: LoadEncoderOptions,
      code: string,
      message: RegExp,
    ): Promise<void> => {
      await expect(loadEncoder(folder, options)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      });
    };
    const tiny = writeTinyEncoder(temporaryFolder());
    await refused(
      tiny,
      { backend: 'native' },
      'ERR_DATA',
      /native backend does not support this encoder: .* has no model\.safetensors/,
    );
    await refused(tiny, { precision: 'bf16' }, 'ERR_DATA', /native backend does not support this encoder/);
    const relu = { ...(JSON.parse(readFileSync(`${bert()}/config.json`, 'utf8')) as object), hidden_act: 'relu' };
    await refused(bert({ 'config.json': relu }), {}, 'ERR_DATA', /hidden_act is "relu"/);
    await refused(bert(), { backend: 'onnx' }, 'ERR_DATA', /lacks model\.onnx/);
    await refused(
      bert({ 'model.onnx': GRAPH }),
      { backend: 'onnx', precision: 'bf16' },
      'ERR_ARG_RANGE',
      /Expected f32 for "precision"/,
    );
    await refused(bert(), { backend: 'cuda' as 'native' }, 'ERR_ARG_RANGE', /one of auto, native, onnx/);
    await refused(
      bert(),
      { threads: capabilities().threads + 1 },
      'ERR_ARG_RANGE',
      /"threads" with the native backend/,
    );
    await refused(bert({ 'model.safetensors': undefined }), {}, 'ERR_DATA', /lacks model\.safetensors or model\.onnx/);
  });

  it('does not hide damage by using the other one', async () => {
    const whole = readFileSync(`${bert()}/model.safetensors`);
    const folder = bert({ 'model.onnx': GRAPH, 'model.safetensors': whole.subarray(0, whole.length - 100) });
    await expect(loadEncoder(folder)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('the file is truncated') as string,
    });
  });

  it('rejects a tokenizer with more tokens than the model, and a pooling of another width', async () => {
    const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...Array.from({ length: 497 }, (_, i) => `w${i}`)];
    await expect(loadEncoder(bert({ 'tokenizer.json': wordPieceJson(vocabulary) }))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/tokenizer\.json has 501 tokens, but the model has only 500/) as string,
    });
    const pooling = { '1_Pooling/config.json': { word_embedding_dimension: 32, pooling_mode: 'cls' } };
    await expect(loadEncoder(bert(pooling))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/expects 32 dimensions, but the model has 64/) as string,
    });
  });

  it('can be aborted, rejects calls after dispose, and can be loaded again', async () => {
    const encoder = await loadEncoder(bert());
    const controller = new AbortController();
    const texts = Array.from({ length: 5000 }, (_, i) => PARITY_TEXTS[i % 12]!);
    const call = encoder.encode(texts, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await encoder.encode(['w1'])).rows).toBe(1);
    await Promise.all([encoder.dispose(), encoder.dispose()]);
    await expect(encoder.encode(['w1'])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

describe.skipIf(!existsSync(MINILM))('all-MiniLM-L6-v2 (skipped where ../shared/models is absent)', () => {
  const { texts } = existsSync(MINILM)
    ? (JSON.parse(readFileSync(`${MINILM}reference.json`, 'utf8')) as { texts: string[] })
    : { texts: [] };
  const npy = (): Float32Array => {
    const bytes = readFileSync(`${MINILM}reference.npy`);
    return new Float32Array(Uint8Array.from(bytes.subarray(bytes.length - texts.length * 384 * 4)).buffer);
  };

  it('gives the vectors of sentence-transformers and of ONNX Runtime, with the same fingerprint', async () => {
    const native = await loadEncoder(MINILM);
    const onnx = await loadEncoder(MINILM, { backend: 'onnx' });
    expect([native.backend, onnx.backend]).toEqual(['native', 'onnx']);
    const ours = await native.encode(texts);
    const theirs = await onnx.encode(texts);
    expect(relativeError(ours.embeddings, npy())).toBeLessThan(TOLERANCE.f32Sum);
    expect(relativeError(ours.embeddings, theirs.embeddings)).toBeLessThan(TOLERANCE.f32Sum);
    expect(ours.tokens).toBe(theirs.tokens);
    expect(native.fingerprint).toBe(onnx.fingerprint); // the graph keeps its weights in the checkpoint
    await Promise.all([native.dispose(), onnx.dispose()]);
  });

  it('stays close in bf16', async () => {
    expect(smallestCosine(await embed(MINILM, { precision: 'bf16' }, texts), npy(), 384)).toBeGreaterThan(0.999);
  });

  it('does not block the event loop', async () => {
    await using(MINILM, {}, async (encoder) => {
      let longest = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }, 1);
      const begin = performance.now();
      await encoder.encode(Array.from({ length: 64 }, () => 'word '.repeat(300)));
      const whole = performance.now() - begin;
      clearInterval(timer);
      expect(longest).toBeLessThan(whole / 4);
    });
  });
});
