import { addon } from './loader.js';

/**
 * Gives freed memory that the allocator keeps for later back to the system. It takes milliseconds, on another thread,
 * in which allocations wait. Does nothing on systems without glibc.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`
 */
export function trimMemory(): Promise<void> {
  return addon().trimMemory();
}
