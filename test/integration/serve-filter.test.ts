import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { runCli } from '../support/cli.js';
import { exactRanking } from '../support/exact-search.js';
import { randomNormal } from '../support/random.js';
import { makeServedDataset, type RunningServer, type ServedDataset, startServe } from '../support/served.js';

const ADDED = 40;
const REMOVED = [1, 4, 63, 64];
const scratch = mkdtempSync(join(tmpdir(), 'univar-serve-filter-'));
const ends: (() => Promise<unknown>)[] = [];
let served: ServedDataset;
let server: RunningServer;
let dim: number;
/** All rows: those of the dataset, then the added ones. */
let vectors: Float32Array;
let valueIds: string[];

beforeAll(async () => {
  served = await makeServedDataset(scratch);
  const dataset = await openDataset(served.dir);
  ({ dim } = dataset);
  const embeddings = await dataset.readEmbeddings();
  vectors = new Float32Array(embeddings.length + ADDED * dim);
  vectors.set(embeddings);
  vectors.set(
    randomNormal(ADDED * dim, 3).map((x) => x / 4),
    embeddings.length,
  );
  const added = Array.from({ length: ADDED }, (_, i) => ({
    qid: 'q',
    question: 'w1',
    answer: `added ${i}`,
    model: `model-${i % 4}`,
    lang: i % 2 === 0 ? 'eng' : 'zho',
  }));
  valueIds = [...served.records, ...added].map(({ model, lang }) => `${model}$${lang}`);
  server = await startServe(['--index', served.dir], (end) => ends.push(end));
  const addition = await server.post('/v1/index', {
    records: added.map((record) => ({ ...record, lang: record.lang === 'eng' ? 'English' : 'zh-CN' })),
    vectors: added.map((_, i) => vectorOf(dataset.rows + i)),
  });
  expect(addition.status).toBe(201);
  expect((await server.send('DELETE', '/v1/index', { rows: REMOVED })).body['removed']).toBe(REMOVED.length);
});
afterAll(async () => {
  for (const end of ends) await end();
  rmSync(scratch, { recursive: true });
});

const vectorOf = (row: number): number[] => Array.from(vectors.subarray(row * dim, (row + 1) * dim));

interface Found {
  k: number;
  matching: number;
  results: { neighbours: { row: number; distance: number; valueId: string }[] }[];
}

describe('filters over HTTP', () => {
  it.each([
    { filter: { model: 'model-1' }, allows: /^model-1\$/ },
    { filter: { model: ['model-0', 'model-2'], lang: 'eng' }, allows: /^model-[02]\$eng$/ },
    { filter: { lang: ['zho'] }, allows: /\$zho$/ },
    { filter: { valueId: ['model-3$zho', 'model-1$eng'] }, allows: /^model-(3\$zho|1\$eng)$/ },
    { filter: { model: 'model-3', lang: 'eng' }, allows: /^none$/ },
    { filter: {}, allows: /./ },
  ])('finds the nearest of the rows that $filter accepts', async ({ filter, allows }) => {
    const k = 15;
    const queries = [2, 30, 59, 70, 99];
    const { status, body } = await server.post('/v1/search', { vectors: queries.map(vectorOf), k, filter });
    expect(status).toBe(200);
    const allowed = valueIds.map((id, row) => allows.test(id) && !REMOVED.includes(row));
    const matching = allowed.filter(Boolean).length;
    const found = body as unknown as Found;
    expect([found.matching, found.k]).toEqual([matching, Math.min(k, matching)]);
    const all = Float32Array.from(queries.flatMap(vectorOf));
    found.results.forEach(({ neighbours }, query) => {
      const expected = exactRanking(all, query, vectors, dim, 'l2')
        .filter(({ row }) => allowed[row])
        .slice(0, k);
      expect(neighbours.map(({ row, valueId }) => [row, valueId])).toEqual(
        expected.map(({ row }) => [row, valueIds[row]]),
      );
      neighbours.forEach(({ distance }, i) => expect(distance).toBeCloseTo(Math.sqrt(expected[i]!.distance), 4));
    });
  });

  it('lets only these rows vote, and reports their number', async () => {
    const { body } = await server.post('/v1/identify', { texts: ['w1 w2'], k: 50, filter: { lang: 'zho' } });
    const matching = valueIds.filter((id, row) => id.endsWith('$zho') && !REMOVED.includes(row)).length;
    expect(body).toMatchObject({ k: matching, matching });
    const [{ ranking, neighbours }] = body['results'] as unknown as [
      { ranking: { lang: string; votes: number }[]; neighbours: unknown[] },
    ];
    expect([
      new Set(ranking.map(({ lang }) => lang)),
      ranking.reduce((sum, { votes }) => sum + votes, 0),
      neighbours.length,
    ]).toEqual([new Set(['zho']), matching, matching]);
    const nobody = await server.post('/v1/identify', { texts: ['w1'], filter: { model: 'model-3', lang: 'eng' } });
    expect(nobody).toMatchObject({
      status: 200,
      body: { k: 0, matching: 0, results: [{ ranking: [], neighbours: [], evidence: [] }] },
    });
  });

  it.each([
    { filter: { model: 'model_1' }, says: /"filter\.model", got "model_1"; known names are "model-1"/ },
    { filter: { lang: ['en', 'Elvish'] }, says: /"filter\.lang", got "Elvish"; known names are "eng", "zho"/ },
    { filter: { valueId: 'model-1' }, says: /"filter\.valueId".*"model-1\$eng"/ },
    { filter: { models: 'model-1' }, says: /filter must NOT have additional properties: "models"/ },
    { filter: { model: [] }, says: /filter\.model must NOT have fewer than 1/ },
    { filter: { model: 3 }, says: /filter\.model must be/ },
  ])('refuses $filter', async ({ filter, says }) => {
    const { status, body } = await server.post('/v1/search', { texts: ['w1'], filter });
    expect(status).toBe(400);
    expect(body.error!.message).toMatch(says);
  });

  it('finds added rows, and no removed ones, while a filter is in use', async () => {
    const ask = async () =>
      (await server.post('/v1/search', { vectors: [vectorOf(3)], k: 3, filter: { model: 'late' }, answers: false }))
        .body as unknown as Found;
    const record = { qid: 'q', question: 'w1', answer: 'late', model: 'late', lang: 'eng' };
    const rows: number[] = [];
    for (let i = 0; i < 3; i++) {
      rows.push(
        (
          (await server.post('/v1/index', { records: [record], vectors: [vectorOf(3 + i)] })).body[
            'rows'
          ] as unknown as [number]
        )[0],
      );
      const { matching, results } = await ask();
      expect([matching, results[0]!.neighbours.map(({ row }) => row)]).toEqual([i + 1, expect.arrayContaining(rows)]);
    }
    await server.send('DELETE', '/v1/index', { rows: [rows[0]] });
    const { matching, results } = await ask();
    expect([matching, results[0]!.neighbours.map(({ row }) => row).sort((a, b) => a - b)]).toEqual([2, rows.slice(1)]);
  });
});

describe('univar identify with filters', () => {
  it.each([
    { search: 'exact search', flags: ['--exact'] },
    { search: 'the index', flags: [] },
  ])('lets only these rows vote, with $search', async ({ flags }) => {
    const { code, stdout, stderr } = await runCli([
      'identify',
      served.dir,
      '--text',
      'w1 w2',
      '--filter-model',
      'model-0',
      '--filter-model',
      'model-2',
      '--filter-lang',
      'eng',
      '--k',
      '50',
      '--json',
      ...flags,
    ]);
    expect([code, stderr]).toEqual([0, 'note: the filter matches 40 of the 60 answers; all of them vote\n']);
    const { k, matching, texts } = JSON.parse(stdout) as {
      k: number;
      matching: number;
      texts: [{ ranking: { valueId: string; votes: number }[] }];
    };
    expect([k, matching]).toEqual([40, 40]);
    expect(texts[0].ranking.map(({ valueId, votes }) => [valueId, votes]).sort()).toEqual([
      ['model-0$eng', 20],
      ['model-2$eng', 20],
    ]);
  });

  it('reports an unknown model, and similar names', async () => {
    const { code, stderr } = await runCli(['identify', served.dir, '--text', 'w1', '--filter-model', 'modell-1']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('known names are "model-1"')]);
  });
});
