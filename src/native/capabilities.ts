import type { NativeCapabilities, WorkCounters } from './addon-types.js';
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

/**
 * Work that operations of this process have done so far: allocations, products, tiles. The difference of two calls around
 * an operation is the same on every run of one build, so a rise means more work where a clock would show only noise.
 * What other calls in flight do is counted, too.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`
 */
export function workCounters(): WorkCounters {
  return addon().workCounters();
}
