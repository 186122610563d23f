import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { QaRecord } from '../../src/records/record.js';
import { jsonWithVocabulary } from './peer-tokenizer.js';
import { seededRandom } from './random.js';

const PARITY = fileURLToPath(new URL('../fixtures/parity/', import.meta.url));

/** Writes a tiny encoder of the parity fixtures with a tokenizer for the words w0 to w299. */
export function writeTrainableEncoder(folder: string, { words = 300, fixture = 'bert-tiny' } = {}): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'model.safetensors']) cpSync(join(PARITY, fixture, name), join(folder, name));
  const vocabulary = ['q', 'a', ':', ...Array.from({ length: words }, (_, i) => `w${i}`)];
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(jsonWithVocabulary(vocabulary)));
  return folder;
}

/** Writes the encoder of {@link writeTrainableEncoder} with the mean pooling that makes it a sentence encoder. */
export function writeSentenceEncoder(folder: string): string {
  writeTrainableEncoder(folder);
  const { hidden_size: width } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    hidden_size: number;
  };
  mkdirSync(join(folder, '1_Pooling'));
  writeFileSync(
    join(folder, '1_Pooling', 'config.json'),
    JSON.stringify({ word_embedding_dimension: width, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true }),
  );
  const modules = ['Transformer', 'Pooling'].map((name, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? '' : '1_Pooling',
    type: `sentence_transformers.models.${name}`,
  }));
  writeFileSync(join(folder, 'modules.json'), JSON.stringify(modules));
  return folder;
}

/**
 * Makes answers of `models` models to `questions` questions. Each model has favourite words, and so has each question.
 */
export function answers(models: number, questions: number, { seed = 1, prefix = '' } = {}): QaRecord[] {
  const random = seededRandom(seed);
  const word = (begin: number, count: number): string => `w${begin + Math.floor(random() * count)}`;
  return Array.from({ length: questions }, (_, q) => q).flatMap((q) =>
    Array.from({ length: models }, (_, m) => ({
      qid: `${prefix}q${q}`,
      question: `w${q} w${q + 1}`,
      answer: Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? word(200 + 10 * m, 10) : word(q, 5))).join(' '),
      model: `model-${m}`,
      lang: 'eng',
    })),
  );
}
