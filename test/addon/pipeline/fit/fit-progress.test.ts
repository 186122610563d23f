import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { fitDataset } from '../../../../src/pipeline/fit/fit-dataset.js';
import type { FitStage } from '../../../../src/pipeline/fit/fit-types.js';
import { makeFittedDataset, QUICK_FIT } from '../../../support/fitted-dataset.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-fit-progress-'));
afterAll(() => rmSync(scratch, { recursive: true }));

it('reports every stage up to its end', async () => {
  const { dir } = await makeFittedDataset(scratch);
  const seen: [FitStage, number, number][] = [];
  await fitDataset(dir, {
    ...QUICK_FIT,
    maxAnswers: 39,
    index: false,
    events: { onProgress: (...progress) => seen.push(progress) },
  });
  expect([...new Set(seen.map(([stage]) => stage))]).toEqual(['read', 'fit', 'encode', 'classify', 'calibrate']);
  const last = new Map(seen.map(([stage, done, total]) => [stage, [done, total]]));
  expect(last.get('read')).toEqual([39, 39]);
  expect(last.get('fit')).toEqual([5, 5]);
  expect(last.get('encode')).toEqual([45, 45]);
  expect(last.get('classify')).toEqual([3, 3]);
  expect(last.get('calibrate')).toEqual([4, 4]);
});
