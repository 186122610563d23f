import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { openLive, type Row, readRows, vectorsOf, writeShards } from '../support/changed-dataset.js';
import { runCli } from '../support/cli.js';
import { randomNormal, seededRandom } from '../support/random.js';
import { toJsonl } from '../support/records.js';
import { makeServedDataset, type ServedDataset, startServe } from '../support/served.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { answers } from '../support/trainable-encoder.js';

const CHILD = fileURLToPath(new URL('../support/fold-changes-child.ts', import.meta.url));
const DIM = 32;

function someRows(count: number, seed: number): Row[] {
  const vectors = randomNormal(count * DIM, seed);
  return Array.from({ length: count }, (_, i) => ({
    record: { qid: `q${i}`, question: 'Why?', answer: `answer ${i} of ${seed}`, model: `m${i % 3}`, lang: 'eng' },
    vector: Array.from(vectors.subarray(i * DIM, (i + 1) * DIM)),
  }));
}

/** Folds in a separate process, which can be killed after a time. Returns how far it got. */
async function foldUntilKilled(dir: string, delayMs?: number): Promise<'killed' | 'ended'> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'begins' || delayMs === undefined) continue;
    await sleep(delayMs);
    child.kill('SIGKILL');
    break;
  }
  const [code] = (await closed) as [number | null];
  return code === 0 ? 'ended' : 'killed';
}

describe('kill -9 while changes become part of the dataset', () => {
  it('keeps the same rows at any moment', async () => {
    const random = seededRandom(11);
    const dir = temporaryFolder();
    const first = someRows(1200, 1);
    await writeShards(
      dir,
      Array.from({ length: 60 }, (_, i) => first.slice(20 * i, 20 * (i + 1))),
    );
    const ends: string[] = [];
    for (let round = 0; round < 12; round++) {
      const live = await openLive(dir);
      const more = someRows(50, 2 + round);
      await live.add(
        more.map(({ record }) => record),
        vectorsOf(more),
      );
      await live.remove(Array.from({ length: 30 }, () => Math.floor(random() * live.current.rows)));
      await live.close();
      const expected = await readRows(dir);
      ends.push(await foldUntilKilled(dir, random() * 60));
      expect(await readRows(dir)).toEqual(expected);
      const after = await openLive(dir); // takes over the lock, and cleans up incomplete work
      expect(after.current.size).toBe(expected.length);
      await after.close();
      expect(await readRows(dir)).toEqual(expected);
    }
    expect(ends).toContain('killed');
    const expected = await readRows(dir);
    expect(await foldUntilKilled(dir)).toBe('ended');
    expect(await readRows(dir)).toEqual(expected);
    expect((await openDataset(dir, { verify: true })).rows).toBe(expected.length);
  });
});

describe('univar compact', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'univar-compact-'));
  let served: ServedDataset;
  beforeAll(async () => {
    served = await makeServedDataset(scratch);
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  it('folds the changes into the dataset, for every command, and rebuilds the index', async () => {
    const { dir } = served;
    const server = await startServe(['--index', dir]);
    const record = { qid: 'new', question: 'w1 w2', answer: 'w290 w291 w292', model: 'other', lang: 'fra' };
    expect((await server.post('/v1/index', { records: [record, record] })).status).toBe(201);
    expect((await server.send('DELETE', '/v1/index', { rows: [3, 61] })).body).toEqual({ removed: 2, size: 60 });
    const ask = { texts: [{ question: record.question, answer: record.answer }], k: 1 };
    const before = (await server.post('/v1/identify', ask)).body['results'] as unknown as [{ ranking: unknown }];

    const busy = await runCli(['compact', dir]);
    expect(busy).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`process ${server.child.pid!}`) as string,
    });
    server.child.kill('SIGTERM');
    await server.result;
    const { code, stdout } = await runCli(['compact', dir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^1 answer added, 1 removed: .* 60 answers \(1 shard written, 0 kept\)\nIndexed with HNSW32 \(l2\): .*\n$/,
    );

    const identified = await runCli([
      'identify',
      dir,
      '--question',
      record.question,
      '--text',
      record.answer,
      '--k',
      '1',
      '--json',
    ]);
    expect(JSON.parse(identified.stdout)).toMatchObject({
      search: 'index',
      texts: [{ ranking: [{ valueId: 'other$fra' }], neighbours: [{ row: 59 }] }],
    });
    const again = await startServe(['--index', dir]);
    expect((await again.send('GET', '/v1/index')).body).toMatchObject({
      rows: 60,
      added: 0,
      removed: 0,
      factory: 'HNSW32',
    });
    expect((await again.post('/v1/identify', ask)).body['results']).toMatchObject([{ ranking: before[0].ranking }]);
    again.child.kill('SIGTERM');
    await again.result;
    const nothing = await runCli(['compact', dir, '--json']);
    expect(JSON.parse(nothing.stdout)).toEqual({
      dataset: dir,
      rows: 60,
      rowsBefore: 60,
      added: 0,
      removed: 0,
      shardsKept: 1,
      shardsWritten: 0,
      index: null,
    });
  });

  it('leaves a dataset that new answers can be embedded into', async () => {
    const { dir, encoder } = served;
    const more = join(scratch, 'more.jsonl');
    writeFileSync(more, toJsonl(answers(1, 5, { seed: 9, prefix: 'more' })));
    const { code, stderr } = await runCli([
      'embed',
      join(scratch, 'answers.jsonl'),
      more,
      '--out',
      dir,
      '--encoder',
      encoder,
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('adding 5 answers to the 60')]);
    expect((await openDataset(dir, { verify: true })).rows).toBe(65);
    expect(readFileSync(join(dir, 'manifest.json'), 'utf8')).toContain('"other$fra": 1');
  });

  it('reports a folder that is not a dataset', async () => {
    const { code, stderr } = await runCli(['compact', join(scratch, 'nowhere')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('does not exist')]);
  });
});
