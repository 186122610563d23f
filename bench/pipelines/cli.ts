/**
 * Compares the start-up of the command line, `univar --help`, with Node with an empty program. It should take at most
 * 150 ms.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';

import { ONE_THREAD } from '../support/engine.js';

export { environment } from '../support/engine.js';

const run = promisify(execFile);

export const benchmarks: Benchmark[] = [
  {
    name: 'cli/help',
    sizes: {},
    subject: 'univar --help',
    env: ONE_THREAD,
    startsNode: true,
    prepare: async ({ root }) => {
      const help = () => run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), '--help']);
      if (!(await help()).stdout.startsWith('Usage: univar')) throw new Error('univar --help did not print the usage');
      return { run: help };
    },
    peer: { name: 'node -e 0', prepare: () => Promise.resolve({ run: () => run(process.execPath, ['-e', '0']) }) },
  },
];
