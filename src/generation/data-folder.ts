import { packageFile } from '../core/package-files.js';

/** Folder of the data that comes with the package. generation/README.md describes its content. */
export const GENERATION_DATA = packageFile('generation');
