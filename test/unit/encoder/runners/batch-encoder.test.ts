import { afterEach, describe, expect, it, vi } from 'vitest';

import { EngineError } from '../../../../src/core/errors.js';
import {
  BatchEncoder,
  type BatchEncoderParts,
  type BatchRunner,
} from '../../../../src/encoder/runners/batch-encoder.js';
import type { PackedTokens } from '../../../../src/native/packed-tokens.js';
import type { Tokenizer } from '../../../../src/text/tokenizers/tokenizer.js';

/** Token ids are the text's characters; the vector of a text is [its length, its first id]. */
class FakeTokenizer implements Tokenizer {
  readonly vocabSize = 2 ** 16;
  readonly splitsAtNewlines = false;
  readonly before = [];
  readonly after = [];
  readonly windows: number[] = [];
  disposed = 0;

  encode(texts: readonly string[], { maxTokens = Infinity } = {}): Promise<PackedTokens> {
    this.windows.push(texts.length);
    const rows = texts.map((text) => Array.from(text, (character) => character.codePointAt(0)!).slice(0, maxTokens));
    const offsets = new Int32Array(texts.length + 1);
    rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
    return Promise.resolve({ ids: Int32Array.from(rows.flat()), offsets });
  }

  dispose(): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

class FakeRunner implements BatchRunner {
  alive = true;
  running = 0;
  mostRunning = 0;
  stopped = 0;
  readonly batches: PackedTokens[] = [];
  /** Fails the batch of this index. */
  failAt = -1;

  async encode(batch: PackedTokens): Promise<Float32Array> {
    const index = this.batches.push(batch) - 1;
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
    if (this.failAt >= 0 && index >= this.failAt) {
      this.alive = false;
      throw new EngineError('ERR_DEVICE_UNAVAILABLE', 'died');
    }
    const { ids, offsets } = batch;
    return Float32Array.from({ length: 2 * (offsets.length - 1) }, (_, i) => {
      const s = i >> 1;
      return i % 2 === 0 ? offsets[s + 1]! - offsets[s]! : (ids[offsets[s]!] ?? 0);
    });
  }

  stop(): Promise<void> {
    this.stopped++;
    return Promise.resolve();
  }
}

function setup(changes: Partial<BatchEncoderParts> = {}) {
  const tokenizer = new FakeTokenizer();
  const runner = new FakeRunner();
  const start = vi.fn(() => Promise.resolve(new FakeRunner()));
  const model: BatchEncoderParts['model'] = {
    name: 'fake',
    tokenizerFile: 't.json',
    prompt: '',
    lowerCase: false,
    dim: 2,
    vocabSize: 128,
  };
  const parts: BatchEncoderParts = {
    model,
    backend: 'onnx',
    precision: 'f32',
    fingerprint: 'f',
    tokenizer,
    start,
    maxTokens: 8,
    batchTokens: 64,
    ...changes,
  };
  return { encoder: new BatchEncoder(parts, runner), tokenizer, runner, start, model };
}

const textsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(65 + (i % 26)).repeat(1 + ((i * 7) % 11)));
const expectedOf = (texts: string[]): number[] =>
  texts.flatMap((text) => [Math.min(8, text.length), text.codePointAt(0)!]);

const unhandled = vi.fn();
process.on('unhandledRejection', unhandled);
afterEach(() => {
  expect(unhandled).not.toHaveBeenCalled();
});

describe('BatchEncoder', () => {
  it('keeps the order over batches and windows, and counts tokens and progress', async () => {
    const { encoder, tokenizer, runner } = setup();
    const texts = textsOf(5000);
    const progress: number[] = [];
    const result = await encoder.encode(texts, { onProgress: (done) => progress.push(done) });
    expect([...result.embeddings]).toEqual(expectedOf(texts));
    expect(result).toMatchObject({
      rows: 5000,
      dim: 2,
      tokens: texts.reduce((sum, text) => sum + Math.min(8, text.length), 0),
    });
    expect(tokenizer.windows).toEqual([2048, 2048, 904]);
    expect(runner.mostRunning).toBe(2);
    expect(progress.at(-1)).toBe(5000);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('counts as idle the time in which the model has no batch, and no other', async () => {
    const { encoder, runner } = setup();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const encode = runner.encode.bind(runner);
    const waiting = vi.spyOn(runner, 'encode').mockImplementation(async (batch) => {
      await held;
      return encode(batch);
    });
    const call = encoder.encode(textsOf(300));
    await vi.waitFor(() => expect(waiting).toHaveBeenCalledTimes(2));
    const before = encoder.idleSeconds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(encoder.idleSeconds).toBe(before);
    release();
    await call;
    const after = encoder.idleSeconds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(encoder.idleSeconds).toBeGreaterThan(after);
  });

  it('does calls one after the other', async () => {
    const { encoder, runner } = setup();
    const ended: number[] = [];
    const calls = [300, 1, 20].map(async (count, i) => {
      const { embeddings } = await encoder.encode(textsOf(count));
      ended.push(i);
      return [...embeddings];
    });
    expect(await Promise.all(calls)).toEqual([300, 1, 20].map((count) => expectedOf(textsOf(count))));
    expect(ended).toEqual([0, 1, 2]);
    expect(runner.mostRunning).toBe(2);
  });

  it('gives no rows for no texts', async () => {
    const { encoder, runner } = setup();
    expect(await encoder.encode([])).toEqual({
      embeddings: new Float32Array(),
      rows: 0,
      dim: 2,
      tokens: 0,
      textTokens: new Int32Array(),
    });
    expect(runner.batches).toEqual([]);
  });

  it('puts the prompt in front, trims and lower-cases as the folder says', async () => {
    const { model } = setup();
    const { encoder, runner } = setup({ model: { ...model, prompt: ' Q:', lowerCase: true } });
    await encoder.encode([' AB\n']);
    expect(String.fromCodePoint(...runner.batches[0]!.ids)).toBe('q: ab');
  });

  it('keeps three quarters of the room for the answer where the question is long', async () => {
    const { model } = setup();
    const { encoder, runner } = setup({ model: { ...model, prompt: '>', lowerCase: true } });
    await encoder.encode([{ question: 'WHY OH WHY', answer: 'BECAUSE' }, 'A LONG TEXT']);
    expect(runner.batches.map(({ ids }) => String.fromCodePoint(...ids)).join('')).toBe('>q a: be>a long ');
  });

  it('names what is wrong with the arguments, at the line of the caller', async () => {
    const { encoder } = setup();
    const error = await encoder.encode(['a', 7 as unknown as string]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected a string or a question with an answer for "texts[1]", got 7',
    });
    expect((error as Error).stack).toContain('batch-encoder.test.ts');
    await expect(encoder.encode('a' as unknown as string[])).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(encoder.encode([], { singal: 1 } as object)).rejects.toThrow(/"options", got "singal"/);
    await expect(encoder.encode([], { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
  });

  it('refuses token ids that the model does not have', async () => {
    const { encoder } = setup();
    await expect(encoder.encode(['a', 'é'])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: 't.json gives token 233, but the model has only 128',
    });
    expect((await encoder.encode(['a'])).rows).toBe(1);
  });

  it('aborts before, while waiting and while at work, and stays usable', async () => {
    const { encoder, runner } = setup();
    await expect(encoder.encode(['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const controller = new AbortController();
    const reason = new Error('enough');
    const working = encoder.encode(textsOf(5000), {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    const waiting = encoder.encode(textsOf(10), { signal: controller.signal });
    const last = encoder.encode(textsOf(10));
    await expect(working).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect([...(await last).embeddings]).toEqual(expectedOf(textsOf(10)));
    expect(runner.batches.length).toBeLessThan(10);
    expect(runner.mostRunning).toBe(2);
  });

  it('reports a death once and starts anew at the next call', async () => {
    const { encoder, runner, start } = setup();
    runner.failAt = 1;
    const error = await encoder.encode(textsOf(500)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_DEVICE_UNAVAILABLE', message: 'died' });
    expect((error as Error).stack).toContain('batch-encoder.test.ts');
    expect(start).not.toHaveBeenCalled();
    expect([...(await encoder.encode(textsOf(500))).embeddings]).toEqual(expectedOf(textsOf(500)));
    expect(start).toHaveBeenCalledTimes(1);
  });

  it('hands on what onProgress throws', async () => {
    const { encoder } = setup();
    const fail = (): void => {
      throw new RangeError('mine');
    };
    await expect(encoder.encode(textsOf(500), { onProgress: fail })).rejects.toThrow(RangeError);
    expect((await encoder.encode(['a'])).rows).toBe(1);
  });

  it('waits for calls in flight when disposed, then refuses', async () => {
    const { encoder, runner, tokenizer } = setup();
    let ended = false;
    const call = encoder.encode(textsOf(500)).finally(() => (ended = true));
    const disposals = [encoder.dispose(), encoder.dispose()];
    await expect(encoder.encode(['a'])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await Promise.all(disposals);
    expect(ended).toBe(true);
    expect((await call).rows).toBe(500);
    expect([runner.stopped, tokenizer.disposed]).toEqual([1, 1]);
  });
});
