/** Counts an iteration where it runs: in this process, or in those that it starts. */
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { type ClientRequests, COUNT_ON_LOAD } from './client-requests.js';
import type { IterationCounter } from './iterations.js';
import { steadyFlags } from './v8-flags.js';
import { underCallgrind } from './valgrind.js';

/** Numbers the files of this process as Callgrind does. */
let dumps = 0;

/** Numbers the groups of files of the processes that it starts. */
let groups = 0;

/**
 * Counts what this process executes.
 *
 * @param outFile prefix of Callgrind's files
 */
export function ownCounter(requests: ClientRequests, outFile: string): IterationCounter {
  requests.start(); // has an effect in the first benchmark of a process only
  return {
    agreeing: 3,
    tries: 2,
    count: async (run) => {
      requests.zero();
      await run();
      requests.dump();
      return [`${outFile}.${++dumps}`];
    },
  };
}

/**
 * Counts what Node executes in processes that an iteration starts with `process.execPath`, from their main module on.
 * Each is fresh, so two that agree are enough.
 *
 * @param requests path of the addon of client-requests.ts
 * @param outFile prefix of Callgrind's files
 */
export function startedCounter(requests: string, outFile: string): IterationCounter {
  const node = process.execPath;
  const prefix = `${outFile}-started-${++groups}`;
  const program = `${prefix}.sh`;
  const { command, args } = underCallgrind(`${prefix}.%p`);
  const words = [command, ...args, node, ...steadyFlags(), '--require', requests].map(quoted);
  writeFileSync(program, `#!/bin/sh\n${COUNT_ON_LOAD}=1 exec ${words.join(' ')} "$@"\n`, { mode: 0o700 });
  const seen = new Set([basename(program)]);
  return {
    agreeing: 1,
    tries: 0,
    count: async (run) => {
      process.execPath = program;
      try {
        await run();
      } finally {
        process.execPath = node;
      }
      const files = readdirSync(dirname(prefix)).filter((file) => file.startsWith(basename(prefix)) && !seen.has(file));
      for (const file of files) seen.add(file);
      if (files.length === 0) throw new Error('An iteration started no process with process.execPath');
      return files.map((file) => join(dirname(prefix), file));
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
