/**
 * Writes encoders in the layout of Hugging Face and sentence-transformers: weights and configuration as they are now,
 * tokenizer and settings as the folder has them that the encoder came from.
 */

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { withFileErrors } from '../../core/file-errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { replaceFolder } from '../../core/replace-folder.js';
import { readTokenizerFile } from '../../text/tokenizers/files.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../formats/safetensors-writer.js';
import type { PoolingChoice } from '../weights/native-config.js';
import { describeWordPiece } from './tokenizer-config.js';

export interface EncoderToWrite extends PoolingChoice {
  /** Folders that the tokenizer and the settings are copied from; the first that has a file counts. */
  sources: readonly string[];
  config: Readonly<Record<string, unknown>>;
  /** Width of a vector. */
  dim: number;
  /** Longest sequence that the model has positions for. */
  positions: number;
  tensors: readonly TensorToWrite[];
}

/** Copied byte by byte where the source has them. */
const COPIED = [
  'tokenizer.json',
  'vocab.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];
/** Everything that a written folder may hold, graphs included, which `univar export` puts there. */
export const ENCODER_FILES: ReadonlySet<string> = new Set([
  ...COPIED,
  'config.json',
  'model.safetensors',
  'model.onnx',
  'modules.json',
  '1_Pooling',
  '2_Normalize',
]);

const MODULE_TYPES = 'sentence_transformers.models';
const DEFAULT_MAX_TOKENS = 512;

/**
 * Writes a whole encoder folder, which appears at once; an earlier one at the same place is replaced whole. It has no
 * tokenizer where the source has none.
 *
 * @throws EngineError `ERR_DATA` if the target holds something else, `ERR_IO`
 */
export async function writeEncoderFolder(target: string, encoder: EncoderToWrite): Promise<void> {
  await replaceFolder(target, ENCODER_FILES, async (folder) => {
    await writeSettings(folder, encoder);
    await writeSafetensors(join(folder, 'model.safetensors'), encoder.tensors);
  });
}

/** Everything but the weights. */
export async function writeSettings(folder: string, encoder: Omit<EncoderToWrite, 'tensors'>): Promise<void> {
  const files = new Map<string, string | Buffer>(
    Object.entries(defaultSettings(encoder)).map(([name, content]) => [name, json(content)]),
  );
  for (const name of COPIED) {
    const path = encoder.sources.map((source) => join(source, name)).find((candidate) => existsSync(candidate));
    if (path !== undefined) files.set(name, await withFileErrors(`read ${path}`, () => readFile(path)));
  }
  for (const [name, content] of files) {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    await withFileErrors(`write ${path}`, () => writeFile(path, content, { flush: true }));
  }
}

function defaultSettings({
  sources,
  config,
  pooling,
  normalize,
  dim,
  positions,
}: Omit<EncoderToWrite, 'tensors'>): Record<string, unknown> {
  const modules = ['', '1_Pooling', ...(normalize ? ['2_Normalize'] : [])];
  const maxTokens = Math.min(positions, DEFAULT_MAX_TOKENS);
  return {
    'config.json': config,
    'modules.json': modules.map((path, idx) => ({
      idx,
      name: String(idx),
      path,
      type: `${MODULE_TYPES}.${['Transformer', 'Pooling', 'Normalize'][idx]!}`,
    })),
    '1_Pooling/config.json': {
      word_embedding_dimension: dim,
      pooling_mode_cls_token: pooling === 'cls',
      pooling_mode_mean_tokens: pooling === 'mean',
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
    },
    'sentence_bert_config.json': { max_seq_length: maxTokens, do_lower_case: false },
    'config_sentence_transformers.json': { prompts: {}, default_prompt_name: null, similarity_fn_name: 'cosine' },
    ...wordPieceSettings(sources, maxTokens),
  };
}

/** For folders with nothing but a vocabulary or a tokenizer.json; other kinds of tokenizer say all of it themselves. */
function wordPieceSettings(sources: readonly string[], maxTokens: number): Record<string, unknown> {
  const source = sources.find((folder) =>
    ['tokenizer.json', 'vocab.txt'].some((name) => existsSync(join(folder, name))),
  );
  if (source === undefined) return {};
  const { settings } = readTokenizerFile(source);
  return 'unsupported' in settings ? {} : describeWordPiece(settings, maxTokens);
}

/**
 * Tensors of a checkpoint that the engine does not compute with but other libraries look for: the pooling layer of
 * BERT, without which transformers warns that it makes one up.
 */
export async function readUnusedTensors(folder: string, prefix: string): Promise<TensorToWrite[]> {
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const tensors: TensorToWrite[] = [];
    for (const [name, { shape }] of file.tensors) {
      if (!name.startsWith(`${prefix}pooler.`)) continue;
      const values = await file.readFloat32(name);
      tensors.push({ name: name.slice(prefix.length), shape, read: () => values });
    }
    return tensors;
  } finally {
    await file.close();
  }
}

function json(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
