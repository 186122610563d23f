/** Recognises objects that this package created and checked, so that they need not be checked again. */
import { fail } from '../core/validate.js';

const own = new WeakSet<object>();

/** Remembers the objects in the properties of a result. */
export function rememberObjects<T extends object>(result: T): T {
  for (const part of Object.values(result)) if (typeof part === 'object' && part !== null) own.add(part as object);
  return result;
}

/**
 * Rejects objects that are not in a remembered result. Strings and numbers beside them may have been changed.
 *
 * @param maker the function whose result is expected, for the message
 * @throws EngineError `ERR_ARG_TYPE`
 */
export function expectOwnObjects(
  value: Readonly<Record<string, unknown>>,
  name: string,
  keys: readonly string[],
  maker: string,
): void {
  for (const key of keys) {
    const part = value[key];
    if (typeof part !== 'object' || part === null || !own.has(part))
      fail('ERR_ARG_TYPE', `the object that ${maker} returned`, `${name}.${key}`, part);
  }
}
