import { fileURLToPath } from 'node:url';

/**
 * Folder of the encoder that comes with the package: univar-mini, all-MiniLM-L6-v2 trained on answers of language
 * models, int8 weights, 384 wide, English. models/univar-mini/README.md has its data and figures.
 */
export const DEFAULT_ENCODER = fileURLToPath(new URL('../../models/univar-mini', import.meta.url));
