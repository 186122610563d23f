import { createRequire } from 'node:module';

import { EngineError } from './errors.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Imports npm packages that not everyone needs when they are first used.
 *
 * @example
 *   const { Tokenizer } = await importOptional('tokenizers', 'A BPE tokenizer', () => import('tokenizers'));
 *
 * @param names names of the packages in npm
 * @param purpose the feature that needs them, as the singular subject of a sentence
 * @param load imports the package, one of its entry points, or a module of ours that imports the packages
 * @throws EngineError `ERR_NATIVE_LOAD`. If a package is missing, one line says what to install. Otherwise the message
 *   is the reason why it does not load, and `cause` is the error
 */
export async function importOptional<T>(
  names: string | readonly string[],
  purpose: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const all = [names].flat();
    const absent = all.filter(isAbsent);
    if (absent.length > 0)
      throw new EngineError(
        'ERR_NATIVE_LOAD',
        `${purpose} needs the npm ${quote(absent)}: run npm install ${absent.join(' ')}`,
      );
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'ERR_NATIVE_LOAD',
      `The npm ${quote(all)} ${all.length === 1 ? 'does' : 'do'} not load: ${reason}`,
      { cause },
    );
  }
}

/** Formats `package "a"`, `packages "a" and "b"`. */
function quote(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return names.length === 1
    ? `package ${quoted[0]!}`
    : `packages ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)!}`;
}

/**
 * Returns whether a package is missing. The failed import does not say: a package that lacks one of its own
 * dependencies fails with the same code.
 */
function isAbsent(name: string): boolean {
  try {
    resolve(name);
    return false;
  } catch (error) {
    // Any other code, such as ERR_PACKAGE_PATH_NOT_EXPORTED, means that the package is installed.
    return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
  }
}
