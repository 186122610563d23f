import { EngineError } from '../../core/errors.js';
import { isObject, parseJson } from '../../core/json-file.js';
import type { FolderLayout } from '../architectures/architecture.js';
import { ARCHITECTURES } from '../architectures/index.js';
import { TRANSFORMER_FOLDER } from '../architectures/transformer.js';

/** The module that pools the vectors of tokens. */
export const POOLING = 'Pooling';
/** The module that may follow those of the architecture. */
export const NORMALIZE = 'Normalize';

export interface Modules {
  layout: FolderLayout;
  /** Folders of the modules by kind, relative to the root. */
  paths: ReadonlyMap<string, string>;
}

/**
 * Reads modules.json, the list of modules of sentence-transformers.
 *
 * @throws EngineError `ERR_DATA` if the modules are not those of an architecture
 */
export async function readModules(file: string): Promise<Modules> {
  const list = await parseJson(file);
  if (!Array.isArray(list)) throw new EngineError('ERR_DATA', `${file}: expected an array of modules`);
  const modules = list.map((entry: unknown, i) => {
    const { type, path = '' } = isObject(entry) ? entry : {};
    if (typeof type !== 'string' || typeof path !== 'string') {
      throw new EngineError('ERR_DATA', `${file}: module ${i} lacks a type or a path`);
    }
    return { kind: type.slice(type.lastIndexOf('.') + 1), type, path };
  });
  const layouts = ARCHITECTURES.map(({ folder }) => folder);
  const layout = layouts.find(({ modules: [first] }) => first === modules[0]?.kind) ?? TRANSFORMER_FOLDER;
  const order = [...layout.modules, NORMALIZE];
  modules.forEach(({ kind, type }, i) => {
    if (kind === order[i]) return;
    throw new EngineError(
      'ERR_DATA',
      `${file}: module ${i} is ${type}; supported are ${order.join(', ')} in this order`,
    );
  });
  if (modules.length < layout.modules.length) {
    throw new EngineError(
      'ERR_DATA',
      `${file}: expected the modules ${layout.modules.join(' and ')}, got ${modules.length} modules`,
    );
  }
  return { layout, paths: new Map(modules.map(({ kind, path }) => [kind, path])) };
}
