import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addon } from '../../../../src/native/loader.js';
import { HuggingFaceTokenizer } from '../../../../src/text/tokenizers/hugging-face.js';
import { loadTokenizer } from '../../../../src/text/tokenizers/load-tokenizer.js';
import { WordPieceTokenizer } from '../../../../src/text/tokenizers/wordpiece.js';
import { SAMPLE, sampleTexts } from '../../../support/awkward-texts.js';
import { BERT_FILE, bertJson, unpack } from '../../../support/peer-tokenizer.js';

const ADDON = fileURLToPath(new URL('../../../../build/Release/engine.node', import.meta.url));

let folder: string;
let bert: WordPieceTokenizer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'univar-tokenizer-'));
  bert = WordPieceTokenizer.fromFile(BERT_FILE);
});

afterAll(async () => {
  await bert.dispose();
  rmSync(folder, { recursive: true });
});

describe('WordPieceTokenizer', () => {
  it('packs ids with offsets', async () => {
    const { ids, offsets } = await bert.encode(['Hello, world!', '', 'a']);
    expect([...ids]).toEqual([101, 7592, 1010, 2088, 999, 102, 101, 102, 101, 1037, 102]);
    expect([...offsets]).toEqual([0, 6, 8, 11]);
    expect(unpack(await bert.encode([]))).toEqual([]);
  });

  it('gives the same ids whatever else is in the call, and however often', async () => {
    const sample = sampleTexts();
    const texts = Array.from({ length: 3000 }, (_, i) => `${sample[i % 50]!} ${i}`);
    const all = unpack(await bert.encode(texts));
    expect(unpack(await bert.encode(texts))).toEqual(all);
    for (const i of [0, 1, 777, 2999]) expect(unpack(await bert.encode([texts[i]!]))).toEqual([all[i]]);
  });

  it('takes long texts, long words and many texts', async () => {
    const megabyte = 'word '.repeat(200_000);
    const { offsets } = await bert.encode([
      megabyte,
      'é'.repeat(1 << 20),
      '漢'.repeat(300_000),
      '\u0898\u0301'.repeat(200_000),
    ]);
    expect([...offsets]).toEqual([0, 200_002, 200_005, 500_007, 500_010]);
    const many = await bert.encode(new Array<string>(100_000).fill('a b'), { maxTokens: 3 });
    expect(many.ids.length).toBe(300_000);
  });

  it('knows its vocabulary', () => {
    expect(bert.vocabSize).toBe(30_522);
    expect(bert.tokenToId('##ing')).toBe(2075);
    expect(bert.idToToken(2075)).toBe('##ing');
    expect(bert.tokenToId('no such token')).toBeUndefined();
    expect(bert.idToToken(30_522)).toBeUndefined();
    expect(Object.fromEntries(bert.specialIds)).toEqual({
      '[PAD]': 0,
      '[UNK]': 100,
      '[CLS]': 101,
      '[SEP]': 102,
      '[MASK]': 103,
    });
    expect(bert.unknownId).toBe(100);
  });

  it('loads a folder, and a vocab.txt with the settings beside it', async () => {
    const models = dirname(BERT_FILE);
    const texts = sampleTexts().slice(0, 40);
    const expected = await bert.encode(texts);
    expect(await WordPieceTokenizer.fromFile(models).encode(texts)).toEqual(expected);
    expect(await WordPieceTokenizer.fromFile(join(models, 'vocab.txt')).encode(texts)).toEqual(expected);
  });

  it('says which file is missing', () => {
    const failure = (message: RegExp): Error =>
      expect.objectContaining({ code: 'ERR_DATA', message: expect.stringMatching(message) as string }) as Error;
    expect(() => WordPieceTokenizer.fromFile(join(folder, 'none.json'))).toThrow(
      failure(/none\.json cannot be read: ENOENT/),
    );
    expect(() => WordPieceTokenizer.fromFile(dirname(SAMPLE))).toThrow(
      failure(/contains neither tokenizer\.json nor vocab\.txt/),
    );
    expect(() => WordPieceTokenizer.fromFile(5 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_TYPE' }) as Error,
    );
  });

  it('reports progress and can be cancelled', async () => {
    const texts = new Array<string>(20_000).fill('It was the best of times, it was the worst of times. '.repeat(20));
    const controller = new AbortController();
    const running = bert.encode(texts, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(bert.encode(texts, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('names what is wrong with its arguments', async () => {
    const encode = (texts: unknown, options?: unknown): Promise<unknown> =>
      bert.encode(texts as string[], options as object);
    await expect(encode('text')).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected an array of strings for "texts", got "text"',
    });
    await expect(encode(['a', 'b', 3])).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected a string for "texts[2]", got 3',
    });
    await expect(encode(new Array<string>(2))).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    // Tokenising a text takes less time than until the first report, so a wrong callback must not wait for that.
    await expect(bert.encode(['a'], { onProgress: 5 as never })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(encode(['a'], { maxTokens: 1 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: 'Expected an integer >= 2 for "maxTokens", got 1',
    });
    await expect(encode(['a'], { maxTokens: 2.5 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(encode(['a'], { max: 5 })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    expect(() => bert.tokenToId(5 as never)).toThrow(/"token"/);
  });

  it('refuses another receiver before it starts work whose failure nobody would handle', async () => {
    const other = Object.assign(new Map(), {
      encode: Reflect.get(WordPieceTokenizer.prototype, 'encode'),
    });
    await expect(other.encode(['a'], { signal: AbortSignal.abort() })).rejects.toThrow(TypeError);
  });

  it('waits for its calls when disposed, then refuses more', async () => {
    const tokenizer = WordPieceTokenizer.fromFile(BERT_FILE);
    let done = false;
    const running = tokenizer
      .encode(new Array<string>(5000).fill('some words here '.repeat(50)))
      .then(() => (done = true));
    const disposed = tokenizer.dispose();
    await expect(tokenizer.encode(['a'])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await disposed;
    expect(done).toBe(true);
    await running;
    await tokenizer.dispose();
    expect(tokenizer.tokenToId('the')).toBe(1996);
  });

  it('checks handles natively', () => {
    const offsets = new Int32Array(2);
    expect(() => addon().encodeTexts({} as never, ['a'], 5, offsets)).toThrow(/native boundary/);
    const empty = new Int32Array(0);
    const settings = {
      tokens: new Uint8Array(1),
      tokenOffsets: Int32Array.of(0, 1),
      tokenIds: Int32Array.of(0),
      prefix: '##',
      unknownId: 0,
      maxWordChars: 100,
      normalizerFlags: 15,
      addedTokens: [],
      addedIds: empty,
      addedFlags: empty,
      before: empty,
      after: empty,
    };
    const outside = { ...settings, tokenOffsets: Int32Array.of(0, 9) };
    expect(() => addon().createTokenizer(outside)).toThrow(/native boundary/);
    const handle = addon().createTokenizer(settings);
    expect(() => addon().encodeTexts(handle, [5] as never, 5, offsets)).toThrow(/native boundary/);
    expect(() => addon().encodeTexts(handle, ['a', 'b'], 5, offsets)).toThrow(/native boundary/);
    addon().disposeTokenizer(handle);
    addon().disposeTokenizer(handle);
    expect(() => addon().encodeTexts(handle, ['a'], 5, offsets)).toThrow(/disposed/);
  });
});

describe('a worker thread that exits', () => {
  it.each([1, 10, 40])('does not take the process along while texts are encoded, after %i ms', async (delay) => {
    const code = `
      const addon = require(${JSON.stringify(ADDON)});
      const none = new Int32Array(0);
      const handle = addon.createTokenizer({
        tokens: Uint8Array.of(97), tokenOffsets: Int32Array.of(0, 1), tokenIds: Int32Array.of(0),
        prefix: '##', unknownId: 0, maxWordChars: 100, normalizerFlags: 15,
        addedTokens: [], addedIds: none, addedFlags: none, before: none, after: none,
      });
      const texts = Array(20000).fill('a b c d e f g '.repeat(20));
      for (let i = 0; i < 5; i++) void addon.encodeTexts(handle, texts, 1e9, new Int32Array(20001));
      for (let i = 0; i < 50; i++) void addon.encodeTexts(handle, ['a b c'], 1e9, new Int32Array(2));
      setTimeout(() => process.exit(0), ${delay});
    `;
    const worker = new Worker(code, { eval: true });
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    expect(unpack(await bert.encode(['a']))).toEqual([[101, 1037, 102]]);
  });
});

describe('loadTokenizer', () => {
  it('picks the native tokenizer for WordPiece', async () => {
    expect(await loadTokenizer(BERT_FILE)).toBeInstanceOf(WordPieceTokenizer);
  });

  it('reads other kinds through the package tokenizers', async () => {
    const json = bertJson();
    json.normalizer = { type: 'Lowercase' };
    json.pre_tokenizer = { type: 'Whitespace' };
    const path = join(folder, 'lowercase.json');
    writeFileSync(path, JSON.stringify(json));
    expect(() => WordPieceTokenizer.fromFile(path)).toThrow(/normalizer\.type "Lowercase"/);
    const other = await loadTokenizer(path);
    expect(other).toBeInstanceOf(HuggingFaceTokenizer);
    const [one, two] = await Promise.all([
      other.encode(['Hello world', 'a b c'], { maxTokens: 4 }),
      other.encode(['a b c', '']),
    ]);
    expect(unpack(one)).toEqual([
      [101, 7592, 2088, 102],
      [101, 1037, 1038, 102],
    ]);
    expect(unpack(two)).toEqual([
      [101, 1037, 1038, 1039, 102],
      [101, 102],
    ]);
    await expect(other.encode([1] as never)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(other.encode(['a'], { maxTokens: 1 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(other.encode(['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await other.dispose();
    await expect(other.encode(['a'])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('refuses added tokens on which the package would end the process', async () => {
    const json = bertJson();
    const flags = { single_word: false, normalized: false, special: false };
    const added = [
      { id: 30_522, content: '<a>', lstrip: false, rstrip: true, ...flags },
      { id: 30_523, content: ' ', lstrip: true, rstrip: false, ...flags },
    ];
    const path = join(folder, 'panics.json');
    writeFileSync(path, JSON.stringify({ ...json, pre_tokenizer: { type: 'Whitespace' }, added_tokens: added }));
    await expect(loadTokenizer(path)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('added_tokens[1].lstrip') as string,
    });
  });
});
