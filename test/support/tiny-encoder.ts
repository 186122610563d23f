import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type GraphSpec, onnxModel } from './onnx-bytes.js';

export const TINY_DIM = 4;
export const TINY_VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c'];
/** Vector of token i: [i, 1, i * i, -1]. */
export const TINY_TABLE = Float32Array.from(TINY_VOCABULARY.flatMap((_, i) => [i, 1, i * i, -1]));

/** Graph whose hidden states are the token vectors. */
export const TINY_GRAPH: GraphSpec = {
  inputs: [
    { name: 'input_ids', type: 'int64', dims: ['batch', 'tokens'] },
    { name: 'attention_mask', type: 'int64', dims: ['batch', 'tokens'] },
  ],
  outputs: [{ name: 'last_hidden_state', type: 'float32', dims: ['batch', 'tokens', TINY_DIM] }],
  nodes: [{ op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['last_hidden_state'] }],
  weights: [{ name: 'table', dims: [TINY_VOCABULARY.length, TINY_DIM], data: TINY_TABLE }],
};

/** Returns an entry of `added_tokens` in tokenizer.json: a special token unless `change` says otherwise. */
export function addedToken(content: string, id: number | undefined, change: object = {}): object {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return { id, content, ...flags, ...change };
}

/** Returns tokenizer.json of a WordPiece model whose first tokens are [PAD], [UNK], [CLS] and [SEP]. */
export function wordPieceJson(vocabulary: readonly string[]): Record<string, unknown> {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => addedToken(content, id)),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

const FILES: Record<string, unknown> = {
  'modules.json': [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  ],
  '1_Pooling/config.json': {
    word_embedding_dimension: TINY_DIM,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: true,
  },
  'config.json': {
    model_type: 'bert',
    vocab_size: TINY_VOCABULARY.length,
    hidden_size: TINY_DIM,
    max_position_embeddings: 16,
  },
  'sentence_bert_config.json': { max_seq_length: 8, do_lower_case: false },
  'tokenizer.json': wordPieceJson(TINY_VOCABULARY),
};

/**
 * Writes a complete encoder of 7 tokens into `folder`.
 *
 * @param changes contents of files by name: an object becomes JSON, `undefined` leaves the file out
 */
export function writeTinyEncoder(folder: string, changes: Record<string, unknown> = {}): string {
  const files: Record<string, unknown> = { ...FILES, 'model.onnx': onnxModel(TINY_GRAPH), ...changes };
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(
      join(folder, name),
      Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return folder;
}

/** Returns the mean of the vectors of the tokens `ids`. */
export function tinyMean(ids: readonly number[]): number[] {
  return Array.from(
    { length: TINY_DIM },
    (_, j) => ids.reduce((sum, id) => sum + TINY_TABLE[id * TINY_DIM + j]!, 0) / ids.length,
  );
}
