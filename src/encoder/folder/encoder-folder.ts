/**
 * Writes encoders in the layout of Hugging Face and sentence-transformers: the current weights and configuration, and
 * the tokenizer and settings of the original folder.
 */

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { withFileErrors } from '../../core/file-errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { replaceFolder } from '../../core/replace-folder.js';
import { readTokenizerFile } from '../../text/tokenizers/tokenizer-file.js';
import { readWordPieceSettings } from '../../text/tokenizers/wordpiece-settings.js';
import type { PoolingChoice } from '../architectures/architecture.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../formats/safetensors-writer.js';
import { NORMALIZE, POOLING } from './modules.js';
import { describePooling } from './pooling-module.js';
import { describeWordPiece } from './tokenizer-config.js';
import { TRAINING_ANSWERS, type TrainingAnswers } from './training-answers.js';

export interface EncoderToWrite extends PoolingChoice {
  /** Kinds of the modules of the architecture. */
  modules: readonly string[];
  /** Folders from which tokenizer and settings are copied. For each file, the first folder that has it is used. */
  sources: readonly string[];
  config: Readonly<Record<string, unknown>>;
  /** Width of a vector. */
  dim: number;
  /** Longest sequence that the model supports. */
  positions: number;
  tensors: readonly TensorToWrite[];
  /** Fingerprints of the answers that it was trained on. @default those of its source */
  answers?: TrainingAnswers | undefined;
}

/** Files copied unchanged if the source has them. */
const COPIED = [
  'tokenizer.json',
  'vocab.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  TRAINING_ANSWERS,
];
/** All files that a written folder can contain, including the graphs that `univar export` writes. */
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
 * Writes an encoder folder. It appears once it is complete and replaces an earlier one. It has no tokenizer if the
 * source has none.
 *
 * @throws EngineError `ERR_DATA` if the target holds something else, `ERR_IO`
 */
export async function writeEncoderFolder(target: string, encoder: EncoderToWrite): Promise<void> {
  await replaceFolder(target, ENCODER_FILES, async (folder) => {
    await writeSettings(folder, encoder);
    await writeSafetensors(join(folder, 'model.safetensors'), encoder.tensors);
    await encoder.answers?.write(folder);
  });
}

/** Writes everything except the weights. */
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
  modules: kinds,
  sources,
  config,
  pooling,
  normalize,
  dim,
  positions,
}: Omit<EncoderToWrite, 'tensors'>): Record<string, unknown> {
  const modules = [...kinds, ...(normalize ? [NORMALIZE] : [])].map((kind, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? '' : `${idx}_${kind}`,
    type: `${MODULE_TYPES}.${kind}`,
  }));
  const poolingFolder = modules.find(({ type }) => type === `${MODULE_TYPES}.${POOLING}`)?.path;
  const maxTokens = Math.min(positions, DEFAULT_MAX_TOKENS);
  return {
    'config.json': config,
    'modules.json': modules,
    ...(poolingFolder && { [`${poolingFolder}/config.json`]: describePooling(pooling, dim) }),
    'sentence_bert_config.json': { max_seq_length: maxTokens, do_lower_case: false },
    'config_sentence_transformers.json': { prompts: {}, default_prompt_name: null, similarity_fn_name: 'cosine' },
    ...wordPieceSettings(sources, maxTokens),
  };
}

/**
 * Returns the WordPiece settings for folders with only a vocabulary or a tokenizer.json. Other kinds of tokenizer
 * contain all their settings.
 */
function wordPieceSettings(sources: readonly string[], maxTokens: number): Record<string, unknown> {
  const source = sources.find((folder) =>
    ['tokenizer.json', 'vocab.txt'].some((name) => existsSync(join(folder, name))),
  );
  if (source === undefined) return {};
  const settings = readWordPieceSettings(readTokenizerFile(source));
  return 'unsupported' in settings ? {} : describeWordPiece(settings, maxTokens);
}

/** Reads the tensors, named without prefix, that the encoder does not need but other libraries expect. */
export async function readKeptTensors(folder: string, prefix: string, kept: RegExp): Promise<TensorToWrite[]> {
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const tensors: TensorToWrite[] = [];
    for (const [name, { shape }] of file.tensors) {
      const inner = name.slice(prefix.length);
      if (!name.startsWith(prefix) || !kept.test(inner)) continue;
      const values = await file.readFloat32(name);
      tensors.push({ name: inner, shape, read: () => values });
    }
    return tensors;
  } finally {
    await file.close();
  }
}

function json(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
