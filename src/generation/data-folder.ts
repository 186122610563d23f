import { fileURLToPath } from 'node:url';

/** Folder of the data that comes with the package. generation/README.md describes its content. */
export const GENERATION_DATA = fileURLToPath(new URL('../../generation', import.meta.url));
