import { fileURLToPath } from 'node:url';

/**
 * Folder of the encoder that comes with the package: univar-mini, which is all-MiniLM-L6-v2 trained on answers of
 * language models. It has int8 weights and 384 dimensions and is made for English. models/univar-mini/README.md
 * describes its training data and accuracy.
 */
export const DEFAULT_ENCODER = fileURLToPath(new URL('../../models/univar-mini', import.meta.url));
