import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

import { warmFlags } from '../../../../packages/bench-gate/src/counting/v8-flags.js';

// No version of Node knows all of them: newer versions of V8 renamed one. An unknown flag would stop all counting.
test('leaves out flags with which this version of Node would not start', () => {
  const flags = warmFlags();
  expect(flags).toContain('--predictable');
  expect(execFileSync(process.execPath, [...flags, '--print', '1'], { encoding: 'utf8' })).toBe('1\n');
});
