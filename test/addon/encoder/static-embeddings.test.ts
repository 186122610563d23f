import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import type { LoadEncoderOptions } from '../../../src/encoder/encoder-plan.js';
import { exportEncoder } from '../../../src/encoder/export/export-encoder.js';
import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { randomNormal } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { wordPieceJson } from '../../support/tiny-encoder.js';
import { relativeError, TOLERANCE } from '../../support/tolerances.js';

const DIM = 5;
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...Array.from({ length: 26 }, (_, i) => `word${i}`)];
const UNKNOWN = 1;
/** Of VOCABULARY: most tokens have 6 characters. */
const MEDIAN_LENGTH = 6;
const TABLE = randomNormal(VOCABULARY.length * DIM, 1);

interface Tensor {
  dtype: string;
  shape: number[];
  data: Float32Array | BigInt64Array | Int8Array;
}

const table = (data: Float32Array | Int8Array = TABLE): Tensor => ({
  dtype: data instanceof Int8Array ? 'I8' : 'F32',
  shape: [data.length / DIM, DIM],
  data,
});

/** Writes a safetensors file, also with types that the writer of the package does not write. */
function writeTensors(path: string, tensors: Record<string, Tensor>): void {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    end += data.byteLength;
    return [name, { dtype, shape, data_offsets: [end - data.byteLength, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const parts = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer));
  writeFileSync(path, Buffer.concat([length, header, ...parts]));
}

interface FolderContents {
  config?: object;
  modules?: string[];
  tensors: Record<string, Tensor>;
  /** Of tokenizer.json. */
  tokenizer?: object;
  /** Of config_sentence_transformers.json. */
  prompts?: object;
}

/** Writes a folder. With modules, its table is in the folder of the first one, as sentence-transformers saves it. */
function writeFolder({ config, modules, tensors, tokenizer, prompts }: FolderContents): string {
  const folder = join(temporaryFolder(), 'static');
  const inner = join(folder, modules ? '0_StaticEmbedding' : '');
  mkdirSync(inner, { recursive: true });
  const write = (path: string, json: object): void => writeFileSync(path, JSON.stringify(json));
  if (config) write(join(folder, 'config.json'), config);
  if (prompts) write(join(folder, 'config_sentence_transformers.json'), prompts);
  const list = modules?.map((kind, idx) => ({
    idx,
    name: String(idx),
    path: `${idx}_${kind}`,
    type: `sentence_transformers.models.${kind}`,
  }));
  if (list) write(join(folder, 'modules.json'), list);
  write(join(inner, 'tokenizer.json'), { ...wordPieceJson(VOCABULARY), ...tokenizer });
  writeTensors(join(inner, 'model.safetensors'), tensors);
  return folder;
}

const MODEL2VEC = { config: { model_type: 'model2vec', normalize: true }, tensors: { embeddings: table() } };
const STATIC = { modules: ['StaticEmbedding'], tensors: { 'embedding.weight': table() } };

async function embed(folder: string, texts: readonly string[], options: LoadEncoderOptions = {}) {
  const encoder = await loadEncoder(folder, options);
  try {
    return { encoder, ...(await encoder.encode(texts)) };
  } finally {
    await encoder.dispose();
  }
}

/** Computes the mean of rows in double precision, scaled to unit length if requested. */
function mean(ids: readonly number[], normalize: boolean, rowOf = (id: number): number[] => rowAt(id)): number[] {
  const sum = Array.from({ length: DIM }, (_, j) => ids.reduce((total, id) => total + rowOf(id)[j]!, 0) / ids.length);
  const length = normalize ? Math.hypot(...sum) : 1;
  return sum.map((value) => value / length);
}

const rowAt = (id: number): number[] => [...TABLE.subarray(id * DIM, (id + 1) * DIM)];
const word = (i: number): number => VOCABULARY.indexOf(`word${i}`);

describe('a folder of model2vec', () => {
  it('gives the mean of known tokens without special ones, at unit length', async () => {
    const texts = ['word1 word2 word2', 'strange word3', 'WORD4', 'strange'];
    const { embeddings, textTokens, encoder } = await embed(writeFolder(MODEL2VEC), texts);
    expect([...textTokens]).toEqual([3, 1, 1, 0]);
    const known = [[1, 2, 2], [3], [4]].flatMap((words) => mean(words.map(word), true));
    expect(relativeError(embeddings, [...known, ...Array<number>(DIM).fill(1 / Math.sqrt(DIM))])).toBeLessThan(
      TOLERANCE.f32Sum,
    );
    expect(encoder).toMatchObject({ dim: DIM, maxTokens: 512, backend: 'native', precision: 'f32' });
  });

  it('cuts after 512 known tokens, within as many characters as 512 tokens of median length have', async () => {
    // "word1 " has as many characters as a token of median length. The emoji is one character in two UTF-16 units, so
    // "word2" ends exactly at the limit.
    const text = `${'word1 '.repeat(510)}😀      word2 word3`;
    const { textTokens } = await embed(writeFolder(MODEL2VEC), [text, `${'a'.repeat(MEDIAN_LENGTH * 512)} word1`]);
    expect([...textTokens]).toEqual([511, 0]);
    const short = await embed(writeFolder(MODEL2VEC), ['x word1 word2 word3'], { maxTokens: 4 });
    expect([...short.textTokens]).toEqual([3]);
    const cut = await embed(writeFolder(MODEL2VEC), ['x word1 word2 word3'], { maxTokens: 2 });
    expect(relativeError(cut.embeddings, mean([word(1)], true))).toBeLessThan(TOLERANCE.f32Sum);
  });

  it('applies the weights of tokens and the rows that tokens share', async () => {
    const mapping = VOCABULARY.map((_, id) => id % 7);
    const weights = randomNormal(VOCABULARY.length, 2);
    const tensors = {
      embeddings: table(TABLE.slice(0, 7 * DIM)),
      weights: { dtype: 'F32', shape: [VOCABULARY.length], data: weights },
      mapping: { dtype: 'I64', shape: [VOCABULARY.length], data: BigInt64Array.from(mapping, BigInt) },
    };
    const folder = writeFolder({ config: { ...MODEL2VEC.config, normalize: false }, tensors });
    const { embeddings } = await embed(folder, ['word1 word9 word20']);
    const rowOf = (id: number): number[] => rowAt(mapping[id]!).map((value) => value * weights[id]!);
    expect(relativeError(embeddings, mean([1, 9, 20].map(word), false, rowOf))).toBeLessThan(TOLERANCE.f32Sum);
    mapping[5] = 7;
    const wrong = { ...tensors, mapping: { ...tensors.mapping, data: BigInt64Array.from(mapping, BigInt) } };
    await expect(embed(writeFolder({ ...MODEL2VEC, tensors: wrong }), [])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('"mapping" has 7, but the table has 7 rows') as string,
    });
  });

  it('can have int8 rows without scales', async () => {
    const codes = Int8Array.from(TABLE, (value) => Math.round(30 * value));
    const { embeddings } = await embed(writeFolder({ ...MODEL2VEC, tensors: { embeddings: table(codes) } }), [
      'word1 word2',
    ]);
    const rowOf = (id: number): number[] => [...codes.subarray(id * DIM, (id + 1) * DIM)];
    expect(relativeError(embeddings, mean([1, 2].map(word), true, rowOf))).toBeLessThan(TOLERANCE.f32Sum);
  });
});

describe('a folder of StaticEmbedding', () => {
  it.each([false, true])('gives the mean of all tokens, also unknown ones (Normalize: %s)', async (normalize) => {
    const modules = normalize ? ['StaticEmbedding', 'Normalize'] : STATIC.modules;
    const texts = ['word1 strange word2', 'word3 '.repeat(600)];
    const { embeddings, textTokens } = await embed(writeFolder({ ...STATIC, modules }), texts);
    expect([...textTokens]).toEqual([3, 600]);
    const expected = [...mean([word(1), UNKNOWN, word(2)], normalize), ...mean([word(3)], normalize)];
    expect(relativeError(embeddings, expected)).toBeLessThan(TOLERANCE.f32Sum);
  });

  it('puts the default prompt before a text, and cuts as the tokenizer says', async () => {
    const prompts = { prompts: { p: 'word9 ' }, default_prompt_name: 'p' };
    const tokenizer = { truncation: { direction: 'Right', max_length: 2, strategy: 'LongestFirst', stride: 0 } };
    const folder = writeFolder({ ...STATIC, prompts, tokenizer });
    const { embeddings } = await embed(folder, ['word1 word2']);
    expect(relativeError(embeddings, mean([9, 1].map(word), false))).toBeLessThan(TOLERANCE.f32Sum);
  });

  it('is refused if a module is unknown, rows are missing or not finite, or it is to run in ONNX Runtime', async () => {
    const refused = (contents: Partial<FolderContents>, message: string, options: LoadEncoderOptions = {}) =>
      expect(embed(writeFolder({ ...STATIC, ...contents }), [], options)).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining(message) as string,
      });
    await refused({ modules: ['StaticEmbedding', 'Dense'] }, 'only Normalize can follow StaticEmbedding');
    await refused({ tensors: MODEL2VEC.tensors }, 'has no matrix "embedding.weight"');
    const few = TABLE.slice(0, 10 * DIM);
    await refused({ tensors: { 'embedding.weight': table(few) } }, '30 tokens, but only 10 embeddings');
    const damaged = TABLE.map((value, i) => (i === 7 * DIM ? NaN : value));
    await refused({ tensors: { 'embedding.weight': table(damaged) } }, 'Row 7 of the table is NaN or infinite');
    await refused({}, 'static embeddings, which ONNX Runtime does not support', { backend: 'onnx' });
    await expect(
      exportEncoder(writeFolder(STATIC), join(temporaryFolder(), 'out'), { to: 'onnx' }),
    ).rejects.toMatchObject({ code: 'ERR_DATA', message: expect.stringContaining('only transformers') as string });
  });

  it('has a fingerprint that depends on everything that changes vectors, and not on the folder', async () => {
    const hash = async (contents: Partial<FolderContents>, options?: LoadEncoderOptions): Promise<string> =>
      (await embed(writeFolder({ ...STATIC, ...contents }), [], options)).encoder.fingerprint;
    const others = await Promise.all([
      hash({}),
      hash({ modules: ['StaticEmbedding', 'Normalize'] }),
      hash({ prompts: { prompts: { p: 'word9 ' }, default_prompt_name: 'p' } }),
      hash({}, { maxTokens: 3 }),
      hash({ tensors: { 'embedding.weight': table(TABLE.map((value) => 2 * value)) } }),
    ]);
    expect(new Set(others).size).toBe(others.length);
    expect(await hash({})).toBe(others[0]);
  });
});
