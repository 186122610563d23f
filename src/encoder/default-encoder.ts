import { packageFile } from '../core/package-files.js';

/**
 * Folder of the encoder that comes with the package: univar-base, an n-gram encoder for all languages, trained on
 * answers of language models. It encodes thousands of answers per second. `fitDataset` fits it to a dataset.
 * models/univar-base/README.md describes its training data and accuracy.
 */
export const DEFAULT_ENCODER = packageFile('models/univar-base');

/**
 * Folder of univar-mini, a transformer for English: all-MiniLM-L6-v2 trained on answers of language models, with int8
 * weights and 384 dimensions. It is in the repository, but too large to be in the npm package as well.
 */
export const MINI_ENCODER = packageFile('packages/univar-mini');

/** A tokenizer with its settings, without weights: WordPiece with the English vocabulary of BERT, lower case. */
export const BERT_TOKENIZER = packageFile('models/bert-uncased');

/** Encoders that datasets find by name, wherever the package is installed. */
export const NAMED_ENCODERS = [DEFAULT_ENCODER, MINI_ENCODER] as const;
