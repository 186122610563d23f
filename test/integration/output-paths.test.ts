import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CliContext } from '../../src/cli/context.js';
import { run } from '../../src/cli/program.js';
import { EngineError } from '../../src/core/errors.js';
import { INDEX_FILE } from '../../src/pipeline/index/saved-index.js';
import { writeProject } from '../support/generation-project.js';
import { toJsonl } from '../support/records.js';
import { answers } from '../support/trainable-encoder.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-output-'));
const file = join(scratch, 'answers.jsonl');
const others = ['b.jsonl', 'c.jsonl'].map((name) => join(scratch, name));
const encoder = join(scratch, 'encoder');
const values = join(scratch, 'values');

const LINUX = existsSync('/proc/self');
/** Path at which no folder can be created. */
const NOWHERE = [
  join(file, 'x'),
  '/dev/null/x',
  join(scratch, 'n'.repeat(300)),
  ...(LINUX ? ['/proc/x', '/proc/x/y', '/sys/x'] : []),
];

const context: CliContext = {
  signal: new AbortController().signal,
  width: 80,
  print: () => undefined,
  printJson: () => undefined,
  log: () => undefined,
  progress: () => ({ update: () => undefined, setWorking: () => undefined, stop: () => undefined }),
  setExitCode: (code) => expect(code).toBe(0),
  endedBySignal: () => undefined,
};

beforeAll(async () => {
  for (const path of [file, ...others]) writeFileSync(path, toJsonl(answers(2, 20)));
  await run(['random-encoder', '--layers', '1', '--hidden', '32', '--out', encoder], context);
  await run(['embed', file, '--encoder', encoder, '--out', values], context);
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** Expects one line of an EngineError that the user can act on. */
async function refuses(args: readonly string[]): Promise<void> {
  const error = await run(args, context).then(
    () => new Error(`${args.join(' ')} did not fail`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  const { code, message } = error as EngineError;
  expect(['ERR_DATA', 'ERR_IO']).toContain(code);
  expect(message).toMatch(/^Cannot [^\n]*: [^\n]+$/);
}

describe('an output that cannot be written is reported immediately by', () => {
  it.each<[string, (path: string) => string[]]>([
    ['embed', (path) => ['embed', file, '--encoder', encoder, '--out', path]],
    [
      'train',
      (path) => [
        'train',
        file,
        '--encoder',
        encoder,
        '--lambda',
        '1',
        '--steps',
        '1',
        '--max-tokens',
        '64',
        '--out',
        path,
      ],
    ],
    ['generate', (path) => ['generate', writeProject(scratch, 'http://127.0.0.1:1/v1', { out: path })]],
    ['generate --init', (path) => ['generate', '--init', path]],
    ['map', (path) => ['map', values, '--method', 'pca', '--out', `${path}.svg`]],
    ['export', (path) => ['export', encoder, '--to', 'safetensors', '--out', path]],
    [
      'drift',
      (path) => ['drift', '--reference', file, '--target', others[0]!, '--checkpoints', others[1]!, '--out', path],
    ],
    ['eval --report', (path) => ['eval', 'knn', values, '--k', '1', '--report', path]],
    ['random-encoder', (path) => ['random-encoder', '--layers', '1', '--hidden', '32', '--out', path]],
    ['quickstart', (path) => ['quickstart', '--out', path]],
  ])(
    '%s',
    async (_, argsFor) => {
      for (const path of NOWHERE) await refuses(argsFor(path));
    },
    20_000,
  );

  it('index, whose file is a folder', async () => {
    mkdirSync(join(values, INDEX_FILE));
    await refuses(['index', values, '--no-fit', '--factory', 'Flat']);
  });
});
