/** Start-up of the command line: `univar --help` beside Node with nothing to do. It should take at most 150 ms. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Benchmark } from '../../src/benchmarking/benchmark.js';

export { environment } from '../support/engine.js';

const run = promisify(execFile);

export const benchmarks: Benchmark[] = [
  {
    name: 'cli/help',
    sizes: {},
    subject: 'univar --help',
    prepare: async ({ root }) => {
      const help = () => run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), '--help']);
      if (!(await help()).stdout.startsWith('Usage: univar')) throw new Error('The help is not what it should be');
      return { run: help };
    },
    peer: { name: 'node -e 0', prepare: () => Promise.resolve({ run: () => run(process.execPath, ['-e', '0']) }) },
  },
];
