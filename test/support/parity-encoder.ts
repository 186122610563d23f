import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { wordPieceJson, writeTinyEncoder } from './tiny-encoder.js';

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...Array.from({ length: 496 }, (_, i) => `w${i}`)];

/** Texts of the words w0 to w495 with different lengths. One is empty. */
export const PARITY_TEXTS = Array.from({ length: 12 }, (_, i) =>
  Array.from({ length: (i * 5) % 31 }, (_, j) => `w${(i * 37 + j * 11) % 496}`).join(' '),
);

/**
 * Writes a parity fixture as a complete encoder folder, with a tokenizer for its 500 tokens and without a graph.
 *
 * @param changes as for {@link writeTinyEncoder}
 */
export function writeParityEncoder(
  folder: string,
  name: 'bert-tiny' | 'nomic-tiny',
  changes: Record<string, unknown> = {},
): string {
  const fixture = (file: string): Buffer =>
    readFileSync(fileURLToPath(new URL(`../fixtures/parity/${name}/${file}`, import.meta.url)));
  return writeTinyEncoder(folder, {
    'config.json': fixture('config.json'),
    'model.safetensors': fixture('model.safetensors'),
    'model.onnx': undefined,
    'tokenizer.json': wordPieceJson(VOCABULARY),
    '1_Pooling/config.json': { word_embedding_dimension: 64, pooling_mode_mean_tokens: true },
    'sentence_bert_config.json': { max_seq_length: 32 },
    ...changes,
  });
}
