import type { NativeCapabilities } from './addon-types.js';
import { addon } from './loader.js';

/**
 * What this build can do on this machine: backend, instruction sets, threads, whether bf16 and int8 are native, and
 * library versions. Loads the addon.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`
 */
export function capabilities(): NativeCapabilities {
  return addon().capabilities();
}
