import { join } from 'node:path';

/** Folder of a project for what checks keep. In node_modules, so that no tool treats it as the project's own. */
export const CACHE = join('node_modules', '.cache', 'bench-gate');
