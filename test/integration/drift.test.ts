import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { afterAll, describe, expect, it } from 'vitest';

import type { QaRecord } from '../../src/records/record.js';
import { runCli } from '../support/cli.js';

const SAMPLE = fileURLToPath(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'univar-drift-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const records = gunzipSync(readFileSync(SAMPLE))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as QaRecord);
const models = [...new Set(records.map(({ model }) => model))];

/** Returns the first answers of a model, some replaced by those of another. */
function write(name: string, by: string, other = by, share = 0): string {
  const qids = [
    ...new Set(
      records
        .filter((record) =>
          models.every((each) => records.some(({ qid, model }) => qid === record.qid && model === each)),
        )
        .map(({ qid }) => qid),
    ),
  ].slice(0, 40);
  const path = join(scratch, `${name}.jsonl`);
  const rows = qids.map(
    (qid, i) => records.find((record) => record.qid === qid && record.model === (i % 4 < 4 * share ? other : by))!,
  );
  writeFileSync(
    path,
    rows
      .map(({ qid, question, answer, model, lang }) => `${JSON.stringify({ qid, question, answer, model, lang })}\n`)
      .join(''),
  );
  return path;
}

describe('univar drift', () => {
  it('shows mixtures of two models between the two', async () => {
    const [a, b] = [models[0]!, models[3]!];
    const files = {
      reference: write('before', a),
      target: write('after', b),
      checkpoints: [write('quarter', a, b, 0.25), write('three-quarters', a, b, 0.75)],
    };
    const out = join(scratch, 'out');
    const result = await runCli([
      'drift',
      '--reference',
      files.reference,
      '--target',
      files.target,
      '--checkpoints',
      ...files.checkpoints,
      '--samples',
      '100',
      '--out',
      out,
      '--json',
    ]);
    expect(result.code, result.stderr).toBe(0);
    const { questions, span, checkpoints } = JSON.parse(result.stdout) as {
      questions: number;
      span: { distance: number };
      checkpoints: { name: string; progress: { share: number; interval: { low: number; high: number } } }[];
    };
    expect(questions).toBe(40);
    expect(span.distance).toBeGreaterThan(0);
    expect(checkpoints.map(({ name }) => name)).toEqual(['quarter', 'three-quarters']);
    const [first, second] = checkpoints.map(({ progress }) => progress.share) as [number, number];
    expect(first).toBeLessThan(second);
    for (const { progress } of checkpoints) expect(progress.interval.low).toBeLessThanOrEqual(progress.share);
    expect(readdirSync(out).sort()).toEqual(['drift.json', 'drift.svg', 'map.svg']);
    expect(readFileSync(join(out, 'map.svg'), 'utf8')).toContain('three-quarters');
  });

  it('rejects the same file twice', async () => {
    const file = write('one', models[0]!);
    expect(await runCli(['drift', '--reference', file, '--target', file, '--checkpoints', file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Expected different files') as string,
    });
  });
});
