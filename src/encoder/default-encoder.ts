import { fileURLToPath } from 'node:url';

const modelFolder = (name: string): string => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));

/**
 * Folder of the encoder that comes with the package: univar-base, an n-gram encoder for all languages, trained on
 * answers of language models. It encodes thousands of answers per second. `fitDataset` fits it to a dataset.
 * models/univar-base/README.md describes its training data and accuracy.
 */
export const DEFAULT_ENCODER = modelFolder('univar-base');

/**
 * Folder of univar-mini, the transformer that comes with the package: all-MiniLM-L6-v2 trained on answers of language
 * models. It has int8 weights and 384 dimensions and is made for English. models/univar-mini/README.md describes its
 * training data and accuracy.
 */
export const MINI_ENCODER = modelFolder('univar-mini');

/** The encoders that come with the package. */
export const PACKAGE_ENCODERS = [DEFAULT_ENCODER, MINI_ENCODER] as const;
