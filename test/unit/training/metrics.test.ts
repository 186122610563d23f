import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { drawTraining } from '../../../src/training/curves.js';
import { type Metrics, MetricsFile, readMetrics } from '../../../src/training/metrics.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const step = (number: number): Metrics => ({
  kind: 'step',
  step: number,
  epoch: 0,
  loss: 4 / number,
  gradNorm: 1,
  learningRate: 1e-4,
  pairs: 8,
  tokens: 100,
  seconds: 0.5,
});
const validation = (number: number): Metrics => ({
  kind: 'validation',
  step: number,
  balancedAccuracy: 0.3,
  chance: 0.1,
  sources: { a: 0.3 },
  seconds: 1,
});

async function write(dir: string, from: number | undefined, lines: readonly Metrics[]): Promise<void> {
  const file = await MetricsFile.open(dir, from);
  for (const line of lines) await file.append(line);
  await file.close();
}

describe('metrics', () => {
  it('drop lines after the checkpoint, and an incomplete line', async () => {
    const dir = temporaryFolder();
    await write(dir, undefined, [validation(0), step(1), step(2), step(3), validation(3)]);
    appendFileSync(join(dir, 'metrics.jsonl'), '{"kind":"st');
    await write(dir, 2, [step(3)]);
    expect(await readMetrics(dir)).toEqual([validation(0), step(1), step(2), step(3)]);
    await write(dir, undefined, [step(1)]);
    expect(readFileSync(join(dir, 'metrics.jsonl'), 'utf8')).toBe(`${JSON.stringify(step(1))}\n`);
  });

  it('report a folder without metrics, and a damaged line', async () => {
    const dir = temporaryFolder();
    await expect(readMetrics(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(dir) as string,
    });
    await write(dir, undefined, [step(1)]);
    appendFileSync(join(dir, 'metrics.jsonl'), 'x\n');
    await expect(readMetrics(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('metrics.jsonl:2') as string,
    });
  });
});

describe('drawTraining', () => {
  it('draws one curve per figure, and none for validations if there were none', () => {
    const steps = Array.from({ length: 30 }, (_, i) => step(i + 1));
    expect(drawTraining(steps).map(({ file }) => file)).toEqual(['loss.svg', 'learning-rate.svg']);
    expect(drawTraining([validation(0)]).map(({ file }) => file)).toEqual(['validation.svg']);
    const pictures = drawTraining([validation(0), ...steps, validation(30)]);
    expect(pictures.map(({ file }) => file)).toEqual(['loss.svg', 'learning-rate.svg', 'validation.svg']);
    expect(pictures).toEqual(drawTraining([validation(0), ...steps, validation(30)]));
    for (const { svg } of pictures) {
      expect(svg).toMatch(/^<svg[^]*<\/svg>\n$/);
      expect(svg).not.toContain('NaN');
    }
    expect(pictures[0]!.svg).toContain('InfoNCE');
    expect(pictures[0]!.caption).toContain('InfoNCE');
  });
});
