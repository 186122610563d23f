/**
 * Simulates another tenant of the machine: a process that computes half of the time, on any core, in random phases of 5
 * to 100 ms. It ends with its parent.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { seededRandom } from '../../test/support/random.js';

const SHORTEST_MS = 5;
const LONGEST_MS = 100;

/** Starts the process. The returned function ends it. */
export function startLoad(): () => void {
  const child = fork(fileURLToPath(import.meta.url), ['run'], { execArgv: ['--import', 'tsx'] });
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
    setTimeout(phase, milliseconds);
  };
  phase();
}
