import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writeMadeAnswers } from '../../bench/support/made-answers.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { runCli, startCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';

const ROWS = 20_000;
/**
 * Maximum memory of the program besides the current rows, with a margin. A million rows add a hundred megabytes of
 * tables.
 */
const CEILING = 768 * 2 ** 20;
/** One thread, so that threads do not wait for each other under other load. */
const env = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1' };
const scratch = mkdtempSync(join(tmpdir(), 'univar-bulk-'));
const answers = join(scratch, 'answers');
const encoder = join(scratch, 'encoder');

beforeAll(async () => {
  await writeMadeAnswers(answers, ROWS);
  const { code, stdout } = await runCli([
    'random-encoder',
    '--layers',
    '2',
    '--hidden',
    '32',
    '--out',
    encoder,
    '--json',
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    layers: 2,
    hidden: 32,
    parameters: 30_522 * 32 + 512 * 32 + 2 * 32 + 64 + 2 * (12 * 32 * 32 + 13 * 32),
  });
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('twenty thousand answers', () => {
  it('are embedded in little memory, and resume after kill -9 at the last shard with the same bytes', async () => {
    const args = (out: string): string[] => [
      'embed',
      answers,
      '--encoder',
      encoder,
      '--out',
      join(scratch, out),
      '--shard-rows',
      '2048',
      '--json',
    ];
    const whole = await runCli(args('whole'), { env });
    expect(whole).toMatchObject({ code: 0 });
    const summary = JSON.parse(whole.stdout) as Record<string, number>;
    expect(summary).toMatchObject({ rows: ROWS, addedRows: ROWS, resumedRows: 0, rejected: 0 });
    expect(summary['embeddedTexts']).toBeLessThan(ROWS * 0.99);
    expect(summary['peakMemoryBytes']).toBeLessThan(CEILING);

    const journal = join(scratch, 'killed', 'journal.partial');
    const killed = startCli(args('killed'), { env });
    while (!existsSync(journal) || readFileSync(journal, 'utf8').split('\n').length < 5) await sleep(20);
    killed.child.kill('SIGKILL');
    await killed.result;
    const resumed = await runCli(args('killed'), { env });
    expect(resumed.code).toBe(0);
    const { resumedRows = 0, embeddedTexts } = JSON.parse(resumed.stdout) as Record<string, number>;
    expect(resumedRows).toBeGreaterThanOrEqual(3 * 2048);
    expect(resumedRows % 2048).toBe(0);
    expect(embeddedTexts).toBeLessThanOrEqual(ROWS - resumedRows);
    expect(bytesOf(join(scratch, 'killed'))).toEqual(bytesOf(join(scratch, 'whole')));
  });

  it('have one vector per text', async () => {
    const dataset = await openDataset(join(scratch, 'whole'), { verify: true });
    const embeddings = await dataset.readEmbeddings();
    const first = new Map<string, number>();
    let row = 0;
    let repeated = 0;
    for await (const { question, answer } of dataset.records()) {
      const text = JSON.stringify([question.trim(), answer.trim()]);
      const before = first.get(text);
      if (before === undefined) first.set(text, row);
      else {
        repeated++;
        const vectors = [before, row].map((i) => embeddings.subarray(i * dataset.dim, (i + 1) * dataset.dim));
        if (Buffer.compare(Buffer.from(vectors[0]!.slice().buffer), Buffer.from(vectors[1]!.slice().buffer)) !== 0)
          throw new Error(`Rows ${before} and ${row} have one text and two vectors`);
      }
      row++;
    }
    expect([row, repeated > 100]).toEqual([ROWS, true]);
  });
});
