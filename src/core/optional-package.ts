import { createRequire } from 'node:module';

import { EngineError } from './errors.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Imports npm packages that not everyone needs, at their first use.
 *
 * @example
 *   const { Tokenizer } = await importOptional('tokenizers', 'A BPE tokenizer', () => import('tokenizers'));
 *
 * @param names of the packages, as npm installs them
 * @param purpose what needs them, as the subject of a sentence in the singular
 * @param load imports the package, one of its entries, or a module of ours that imports the packages
 * @throws EngineError `ERR_NATIVE_LOAD`: one line that says what to install if a package is absent; otherwise the
 *   reason why it does not load, with the failure as `cause`
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

/** `package "a"`, `packages "a" and "b"` */
function quote(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return names.length === 1
    ? `package ${quoted[0]!}`
    : `packages ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)!}`;
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
