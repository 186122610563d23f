/**
 * Simulates another tenant of the machine: a process that computes half of the time, on any core, in random phases of 5
 * to 100 ms, or all the time. It ends with its parent.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { seededRandom } from '../../test/support/random.js';

const SHORTEST_MS = 5;
const LONGEST_MS = 100;

/** Starts the process. The returned function ends it. */
export function startLoad({ pauses } = { pauses: true }): () => void {
  const child = fork(fileURLToPath(import.meta.url), ['run', pauses ? 'pauses' : 'always'], {
    execArgv: ['--import', 'tsx'],
  });
  return () => void child.kill();
}

function computeFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  let value = 1;
  while (performance.now() < end) for (let i = 0; i < 1000; i++) value = Math.sqrt(value + i);
}

if (process.argv[2] === 'run') {
  process.once('disconnect', () => process.exit(0));
  const random = seededRandom(1);
  const phase = (): void => {
    const milliseconds = SHORTEST_MS + (LONGEST_MS - SHORTEST_MS) * random();
    computeFor(milliseconds);
    setTimeout(phase, process.argv[3] === 'always' ? 0 : milliseconds);
  };
  phase();
}
