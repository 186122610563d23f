import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The folder above include/node of this Node, or undefined; a distribution may keep program and headers apart. */
export function nodeHeaderRoot() {
  const candidates = [process.env.npm_config_nodedir, resolve(dirname(process.execPath), '..'), '/usr', '/usr/local'];
  return candidates.find((folder) => folder && existsSync(join(folder, 'include', 'node', 'node_api.h')));
}
