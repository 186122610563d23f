import { fileURLToPath } from 'node:url';

/** Folder of the encoder that comes with the package: all-MiniLM-L6-v2 with int8 weights, 384 wide, English. */
export const DEFAULT_ENCODER = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2-int8', import.meta.url));
