import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { SLOW_EDITS, type SlowEdit } from '../../bench/support/slow-edits.js';

it.each(Object.entries<SlowEdit>(SLOW_EDITS))('the slow-down %s fits into the compiled code', (_, edit) => {
  const source = readFileSync(new URL(`../../dist/${edit.file}`, import.meta.url), 'utf8');
  expect(source.split(edit.find)).toHaveLength(2);
});
