import { fileURLToPath } from 'node:url';

/** The encoder that comes with the package and is used where none is named. */
export const DEFAULT_ENCODER = {
  name: 'all-MiniLM-L6-v2-int8',
  folder: fileURLToPath(new URL('../../models/all-MiniLM-L6-v2-int8', import.meta.url)),
} as const;
