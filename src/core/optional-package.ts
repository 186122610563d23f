import { createRequire } from 'node:module';

import { EngineError } from './errors.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Imports an npm package that not everyone needs, at its first use.
 *
 * @example
 *   const { Tokenizer } = await importOptional('tokenizers', 'A BPE tokenizer', () => import('tokenizers'));
 *
 * @param name of the package, as npm installs it
 * @param purpose what needs it, as the subject of a sentence in the singular
 * @param load imports the package or one of its entries
 * @throws EngineError `ERR_NATIVE_LOAD`: one line that says what to install if the package is absent; otherwise the
 *   reason why it does not load, with the failure as `cause`
 */
export async function importOptional<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (isAbsent(name))
      throw new EngineError('ERR_NATIVE_LOAD', `${purpose} needs the npm package "${name}": run npm install ${name}`);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('ERR_NATIVE_LOAD', `The npm package "${name}" does not load: ${reason}`, { cause });
  }
}

/** The failed import does not say: a package that lacks one of its own dependencies fails with the same code. */
function isAbsent(name: string): boolean {
  try {
    resolve(name);
    return false;
  } catch (error) {
    // Any other code, such as ERR_PACKAGE_PATH_NOT_EXPORTED, comes from a package that is there.
    return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
  }
}
