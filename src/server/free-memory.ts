import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { trimMemory } from '../native/trim-memory.js';

let collect: (() => void) | undefined;

/**
 * Collects garbage and gives freed memory back to the system. It blocks for tens of milliseconds. V8 sees no reason to
 * collect by itself while a process is idle, although the bodies of the last requests may take a hundred megabytes.
 */
export async function freeMemory(): Promise<void> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  await trimMemory();
}
