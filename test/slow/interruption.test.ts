import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../../dist/cli/interruption.js', import.meta.url));

/** Runs a shell that runs a program which never reacts to the signal; returns what a shell user sees. */
async function interrupted(waiting: string, signal: 'SIGINT' | 'SIGTERM'): Promise<[unknown, string]> {
  const program =
    `const { Interruption } = await import(${JSON.stringify(MODULE)});` +
    `new Interruption({ log: (text) => process.stderr.write(text + "\\n"), limitsItself: false });` +
    `process.kill(process.pid, "${signal}"); ${waiting}`;
  const shell = spawn('bash', ['-c', '"$0" --input-type=module -e "$1"; exit $?', process.execPath, program]);
  let said = '';
  shell.stderr.on('data', (text) => (said += String(text)));
  const [code] = (await once(shell, 'close')) as [number | null];
  return [code, said];
}

describe('one signal', () => {
  it.each([
    ['with something to wait for', 'setInterval(() => undefined, 1000)'],
    ['with nothing that keeps it alive', 'setTimeout(() => undefined, 500); await new Promise(() => undefined)'],
  ])('ends a command that ignores it, %s', async (_, waiting) => {
    const runs = [interrupted(waiting, 'SIGINT'), interrupted(waiting, 'SIGTERM')];
    const [[code, said], [otherCode, otherSaid]] = (await Promise.all(runs)) as [[number, string], [number, string]];
    expect([code, otherCode]).toEqual([130, 143]);
    expect([said, otherSaid]).toEqual([
      expect.stringMatching(/^error: Interrupted\n/),
      expect.stringMatching(/^error: Interrupted\n/),
    ]);
  });
});
