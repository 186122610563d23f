import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CALLS = 2000;
const SEED = 7;

it('calls the package and the server in every wrong way, without a finding', () => {
  rmSync(`${ROOT}out/fuzz/seed-${SEED}-${CALLS}.json`, { force: true });
  const args = ['--import', 'tsx', 'test/fuzz/index.ts', '--calls', String(CALLS), '--seed', String(SEED)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^0 findings of 0 kinds$/m);
  // It has called functions, routes and sockets.
  for (const name of ['similarityTopK', 'POST /v1/identify', 'broken HTTP'])
    expect(stdout).toMatch(new RegExp(`^${name} +\\d+`, 'm'));
});
