import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import {
  appendHistory,
  type HistoryLine,
  plotHistory,
  readHistory,
} from '../../../../packages/bench-gate/src/report/history.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const line = (commit: string, instructions: number | null): HistoryLine => ({
  date: '2026-01-01T00:00:00.000Z',
  commit,
  base: 'b',
  entries: [{ name: 'parse <&>', measures: 'time', status: 'not slower', instructions, growth: 0, change: null }],
});

it('keeps one line per check, and draws those with counts', async () => {
  const path = join(temporaryFolder(), 'new', 'history.jsonl');
  await appendHistory(path, line('c1', 1e6));
  await appendHistory(path, line('c2', null));
  await appendHistory(path, line('c3', 2e6));
  const lines = await readHistory(path);
  expect(lines.map(({ commit }) => commit)).toEqual(['c1', 'c2', 'c3']);
  const svg = plotHistory(lines);
  for (const text of ['c1', 'c2', 'c3', 'parse &#60;&#38;&#62;', '2.000e+6']) expect(svg).toContain(text);
  expect(svg.match(/<circle/g)).toHaveLength(2);
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"half`);
  await expect(readHistory(path)).rejects.toThrow(/history\.jsonl, line 4: expected the JSON line of a check/);
});
