/** Parts that descriptors of transformers share. */
import { loadTokenizer } from '../../text/tokenizers/load-tokenizer.js';
import type { FolderLayout, ModelFiles, ModelSizes } from './architecture.js';

export const TRANSFORMER_FOLDER: FolderLayout = {
  modules: ['Transformer', 'Pooling'],
  files: ['config.json', 'tokenizer.json'],
  tokenizerFile: 'tokenizer.json',
  loadTokenizer,
};

/** Prefixes of libraries that hold an encoder of any kind. */
export const WRAPPERS = ['model.', 'trunk.', 'encoder.trunk.', '0.auto_model.'];

/** Tensors of pretraining heads and pooling layers, and buffers that follow from the configuration. */
export const HEADS_AND_BUFFERS = /^(cls\.|pooler\.|embeddings\.position_ids$|.*rotary_emb\.inv_freq$|.*norm_factor$)/;

export function readTransformerSizes({ config }: ModelFiles): ModelSizes {
  return {
    dim: config.optionalSize(['n_embd', 'hidden_size']),
    vocabSize: config.size(['vocab_size']),
    positions: config.optionalSize(['max_position_embeddings', 'n_positions']) ?? Infinity,
  };
}
