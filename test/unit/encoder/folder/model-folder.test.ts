import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { bert } from '../../../../src/encoder/architectures/bert.js';
import { fingerprint } from '../../../../src/encoder/folder/fingerprint.js';
import { type ModelFolder, readModelFolder } from '../../../../src/encoder/folder/model-folder.js';
import { readNetwork } from '../../../../src/encoder/weights/network.js';
import { onnxModel } from '../../../support/onnx-bytes.js';
import { writeParityEncoder } from '../../../support/parity-encoder.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { TINY_DIM, TINY_GRAPH, TINY_TABLE, TINY_VOCABULARY, writeTinyEncoder } from '../../../support/tiny-encoder.js';

const transformer = { path: '', type: 'sentence_transformers.models.Transformer' };
const pooling = { path: '1_Pooling', type: 'sentence_transformers.models.Pooling' };
const read = (changes: Record<string, unknown> = {}): Promise<ModelFolder> =>
  readModelFolder(writeTinyEncoder(temporaryFolder(), changes));
const external = onnxModel({ ...TINY_GRAPH, weights: [{ name: 'table', dims: [7, 4], data: 'model.safetensors' }] });

describe('readModelFolder', () => {
  it('reads a plain folder', async () => {
    const folder = writeTinyEncoder(temporaryFolder());
    expect(await readModelFolder(folder)).toEqual({
      name: basename(folder),
      architecture: bert,
      moduleFolder: folder,
      modelFile: join(folder, 'model.onnx'),
      weightFiles: [],
      safetensorsFile: undefined,
      tokenizerFile: join(folder, 'tokenizer.json'),
      pooling: 'mean',
      normalize: false,
      prompt: '',
      lowerCase: false,
      dim: TINY_DIM,
      vocabSize: TINY_VOCABULARY.length,
      positions: 16,
      maxTokens: 8,
    });
  });

  it('finds the graph in onnx/, the modules in folders, and newer names', async () => {
    const folder = writeTinyEncoder(temporaryFolder(), {
      'modules.json': [
        { path: '0_Transformer', type: 'sentence_transformers.base.modules.transformer.Transformer' },
        { path: 'pool', type: 'x.Pooling' },
        { path: '2_Normalize', type: 'x.Normalize' },
      ],
      'pool/config.json': { embedding_dimension: 3, pooling_mode: 'cls' },
      '0_Transformer/onnx/model.onnx': onnxModel(TINY_GRAPH),
      '0_Transformer/config.json': { vocab_size: 9, hidden_size: 3, max_position_embeddings: 4 },
      '0_Transformer/tokenizer.json': {},
    });
    expect(await readModelFolder(folder)).toMatchObject({
      modelFile: join(folder, '0_Transformer/onnx/model.onnx'),
      pooling: 'cls',
      normalize: true,
      dim: 3,
      vocabSize: 9,
      positions: 4,
      maxTokens: 4,
    });
  });

  it.each([
    ['the folder sets a lower limit', { max_position_embeddings: 16 }, { max_seq_length: 8 }, 16, 8],
    ['the folder sets a higher limit', { max_position_embeddings: 16 }, { max_seq_length: 99 }, 16, 16],
    ['the folder sets no limit', { max_position_embeddings: 16 }, { max_seq_length: null }, 16, 16],
    ['nothing is configured', {}, {}, Infinity, 512],
    [
      'padding takes positions',
      { model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 },
      {},
      512,
      512,
    ],
  ])('limits the tokens if %s', async (_, config, sentence, positions, maxTokens) => {
    const sizes = { vocab_size: 7, hidden_size: TINY_DIM };
    const folder = await read({ 'config.json': { ...sizes, ...config }, 'sentence_bert_config.json': sentence });
    expect(folder).toMatchObject({ positions, maxTokens });
  });

  it('reads the default prompt', async () => {
    const settings = { prompts: { query: 'Search: ' }, default_prompt_name: 'query' };
    expect(await read({ 'config_sentence_transformers.json': settings })).toMatchObject({ prompt: 'Search: ' });
    expect(
      await read({ 'config_sentence_transformers.json': { ...settings, default_prompt_name: null } }),
    ).toMatchObject({ prompt: '' });
  });

  it('finds external weights beside the graph', async () => {
    const folder = writeTinyEncoder(temporaryFolder(), {
      'model.onnx': external,
      'model.safetensors': Buffer.from(TINY_TABLE.buffer),
    });
    expect((await readModelFolder(folder)).weightFiles).toEqual([join(folder, 'model.safetensors')]);
  });

  it('lists everything that is missing', async () => {
    await expect(readModelFolder('/does/not/exist')).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: '/does/not/exist is not a folder with a model',
    });
    await expect(readModelFolder('org/name')).rejects.toThrow('"hf download org/name"');
    await expect(readModelFolder(temporaryFolder())).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(
        'lacks modules.json, config.json, tokenizer.json, 1_Pooling/config.json, ' +
          'model.safetensors or model.onnx (or onnx/model.onnx)',
      ) as string,
    });
    await expect(read({ 'tokenizer.json': undefined, 'model.onnx': external })).rejects.toThrow(
      /lacks tokenizer\.json, model\.safetensors$/,
    );
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a dense layer',
      { 'modules.json': [transformer, pooling, { path: '2_Dense', type: 'sentence_transformers.models.Dense' }] },
      /module 2 is sentence_transformers\.models\.Dense/,
    ],
    ['another order', { 'modules.json': [pooling, transformer] }, /module 0 is sentence_transformers\.models\.Pooling/],
    ['no pooling', { 'modules.json': [transformer] }, /expected the modules Transformer and Pooling, got 1/],
    ['a module without type', { 'modules.json': [null] }, /module 0 lacks a type/],
    ['an object instead of a list', { 'modules.json': {} }, /modules\.json: expected an array/],
    ['broken JSON', { 'config.json': '{"vocab_size": 7,' }, /config\.json: .*JSON/],
    ['an array instead of an object', { 'config.json': [] }, /config\.json: expected a JSON object/],
    [
      'max pooling',
      { '1_Pooling/config.json': { pooling_mode_max_tokens: true } },
      /1_Pooling.config\.json: .*got pooling_mode_max_tokens/,
    ],
    [
      'two poolings',
      { '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true } },
      /got pooling_mode_mean_tokens \+ pooling_mode_cls_token/,
    ],
    ['no pooling mode', { '1_Pooling/config.json': {} }, /got no mode/],
    [
      'pooling without the prompt',
      {
        '1_Pooling/config.json': { pooling_mode: 'mean', include_prompt: false },
        'config_sentence_transformers.json': { prompts: { q: 'x' }, default_prompt_name: 'q' },
      },
      /include_prompt = false/,
    ],
    ['an unknown prompt', { 'config_sentence_transformers.json': { default_prompt_name: 'q' } }, /no prompt named "q"/],
    ['no vocabulary size', { 'config.json': { hidden_size: 4 } }, /vocab_size is missing/],
    ['a size that is not a number', { 'config.json': { vocab_size: '7' } }, /vocab_size, got "7"/],
    [
      'weights elsewhere',
      { 'model.onnx': onnxModel({ ...TINY_GRAPH, weights: [{ name: 'w', dims: [1], data: '../w' }] }) },
      /outside its folder, in \.\.\/w/,
    ],
  ])('refuses %s', async (_, changes, message) => {
    await expect(read(changes)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('fingerprint', () => {
  it('depends only on what decides the vectors', async () => {
    const files = { 'model.onnx': external, 'model.safetensors': Buffer.from(TINY_TABLE.buffer) };
    const of = async (changes: Record<string, unknown> = {}, maxTokens = 8): Promise<string> =>
      fingerprint(await read({ ...files, ...changes }), { maxTokens, precision: 'f32' });
    const base = await of();
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await of()).toBe(base);
    expect(await of({ 'config_sentence_transformers.json': { prompts: {} }, 'README.md': 'text' })).toBe(base);
    const others = await Promise.all([
      of({}, 7),
      of({ 'model.safetensors': Buffer.alloc(112) }),
      of({ 'model.onnx': onnxModel(TINY_GRAPH) }),
      of({ 'tokenizer.json': {} }),
      of({ '1_Pooling/config.json': { pooling_mode: 'cls' } }),
      of({ 'modules.json': [transformer, pooling, { path: '2_Normalize', type: 'x.Normalize' }] }),
      of({ 'config_sentence_transformers.json': { prompts: { q: 'x' }, default_prompt_name: 'q' } }),
    ]);
    expect(new Set([base, ...others]).size).toBe(others.length + 1);
  });

  // With another value, no existing dataset could be continued.
  it.each([
    ['bert-tiny', 'eec4cc7e6edb3e0a0ae8d8533080a6af693094e57784df4a05f616d122c2ab23'],
    ['nomic-tiny', '9669e88236d4c5de44846f6025792741c71678c307306b742c2f70bb4aed68a9'],
  ] as const)('of %s has not changed since the first release', async (name, expected) => {
    const folder = await readModelFolder(writeParityEncoder(temporaryFolder(), name));
    const { spec } = await readNetwork(folder.moduleFolder, folder);
    expect(await fingerprint(folder, { maxTokens: 32, precision: 'f32', spec })).toBe(expected);
  });

  it('depends on how long texts are cut, so that a dataset cut in another way is not continued', async () => {
    const folder = await read();
    const settings = { maxTokens: 8, precision: 'f32' } as const;
    vi.resetModules();
    vi.doMock('../../../../src/text/tokenizers/encode-qa.js', () => ({ CUTTING: 'at-the-end' }));
    const before = await import('../../../../src/encoder/folder/fingerprint.js');
    vi.doUnmock('../../../../src/text/tokenizers/encode-qa.js');
    expect(await before.fingerprint(folder, settings)).not.toBe(await fingerprint(folder, settings));
  });

  it('names a file that has disappeared', async () => {
    const folder = await read();
    writeFileSync(folder.modelFile!, '');
    await expect(
      fingerprint({ ...folder, tokenizerFile: `${folder.tokenizerFile}.gone` }, { maxTokens: 8, precision: 'f32' }),
    ).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('tokenizer.json.gone') as string,
    });
  });
});
