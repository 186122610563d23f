import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it, onTestFinished, vi } from 'vitest';

import { adviseOnRecall } from '../../../../src/cli/recall.js';
import { openDataset } from '../../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../../src/datasets/dataset-writer.js';
import { LiveCollection } from '../../../../src/datasets/live/live-collection.js';
import { openCollection } from '../../../../src/pipeline/collection/open-collection.js';
import { compactDataset } from '../../../../src/pipeline/compact-dataset.js';
import { buildIndex } from '../../../../src/pipeline/index/build-index.js';
import { RecallProbe } from '../../../../src/pipeline/index/recall-probe.js';
import { readIndexDescription } from '../../../../src/pipeline/index/saved-index.js';
import { ServedDataset } from '../../../../src/pipeline/served-dataset.js';
import { VectorIndex } from '../../../../src/search/vector-index.js';
import { Server } from '../../../../src/server/start-server.js';
import { exactRanking } from '../../../support/exact-search.js';
import { makeFittedDataset, NEW_RECORD } from '../../../support/fitted-dataset.js';
import { randomNormal } from '../../../support/random.js';
import { sendJson } from '../../../support/served.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const DIM = 16;

/** Writes a dataset with these vectors, in two shards. */
async function write(vectors: Float32Array): Promise<string> {
  const dir = join(temporaryFolder(), 'values');
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: DIM } });
  const first = Math.floor(vectors.length / DIM / 3) * DIM;
  for (const part of [vectors.subarray(0, first), vectors.subarray(first)])
    await writer.append(
      Array.from({ length: part.length / DIM }, () => ({ ...NEW_RECORD })),
      part,
    );
  await writer.finish();
  return dir;
}

it.each(['l2', 'ip'] as const)(
  'measures the recall that brute force finds, with many equal rows, %s',
  async (metric) => {
    const rows = 700;
    const k = 10;
    const x = randomNormal(rows * DIM, 1);
    for (let row = 100; row < 160; row++) x.copyWithin(row * DIM, 99 * DIM, 100 * DIM);
    const dir = await write(x);
    const index = await VectorIndex.create({ dim: DIM, metric, factory: 'HNSW8', efConstruction: 8 });
    await index.add(x);
    const probe = await RecallProbe.create(await openDataset(dir), { k, metric, sample: 300 });
    const measured = await probe.measure(index, { efSearch: 16 });
    let [sum, squares] = [0, 0];
    const { labels } = await index.search(x, { k: k + 1, efSearch: 16 });
    for (const row of probe.rows) {
      const others = exactRanking(x, row, x, DIM, metric).filter((other) => other.row !== row);
      const near = new Set(
        others
          .filter(({ distance }) => (metric === 'ip' ? 1 : -1) * (distance - others[k - 1]!.distance) >= 0)
          .map((other) => other.row),
      );
      const found = [...labels.subarray(row * (k + 1), (row + 1) * (k + 1))].filter((label) => label !== row);
      const share = found.slice(0, k).filter((label) => near.has(label)).length / k;
      sum += share;
      squares += share ** 2;
    }
    const share = sum / 300;
    const error = Math.sqrt((squares / 300 - share ** 2) / 300);
    const least = Math.max(0, 1 - 2.5 * (1 - share + 1.645 * error));
    expect(new Set(probe.rows).size).toBe(300);
    expect(share).toBeGreaterThan(0.7); // and it is no trivial case
    expect(share).toBeLessThan(0.97);
    expect(measured.share).toBeCloseTo(share, 9);
    expect(measured).toMatchObject({ k, sample: 300, atLeast: expect.closeTo(least, 9) as number });
    // Equal rows are one as good as the other.
    expect((await probe.measure(index, { efSearch: rows })).share).toBeGreaterThan(0.99);
  },
);

it('raises efSearch until the lower end of the recall is high enough, and remembers it', async () => {
  const dir = await write(randomNormal(1000 * DIM, 2));
  const graph = { factory: 'HNSW8', efConstruction: 16 };
  const low = await buildIndex(dir, { ...graph, recall: 0.3 });
  expect(low).toMatchObject({ effort: { efSearch: 50 }, targetRecall: 0.3 });
  expect(low.recall!.share).toBeLessThan(0.98);
  const high = await buildIndex(dir, { ...graph, recall: 0.98 });
  expect(high.effort!.efSearch).toBeGreaterThan(64);
  expect(high.recall!.atLeast).toBeGreaterThanOrEqual(0.98);
  expect(adviseOnRecall(high)).toBeUndefined();
  expect(high).toMatchObject((await readIndexDescription(dir))!);
  const lists = await buildIndex(dir, { factory: 'IVF8,SQ8,RFlat', recall: 0.95 });
  expect(lists.effort).toMatchObject({ nprobe: expect.any(Number) as number, rerank: expect.any(Number) as number });
  expect(lists.recall!.atLeast).toBeGreaterThanOrEqual(0.95);
});

it('takes the best search if none reaches the recall, and says what helps', async () => {
  const dir = await write(randomNormal(600 * DIM, 3));
  const built = await buildIndex(dir, { factory: 'HNSW4,SQ4', efConstruction: 4, recall: 0.99 });
  expect(built.effort).toEqual({ efSearch: expect.any(Number) as number });
  expect(built.recall!.share).toBeGreaterThan(0.5);
  expect(adviseOnRecall(built)).toMatch(/99\.0 %.*HNSW4,SQ4,Refine.*--ef-construction 16.*Flat/);
  await expect(buildIndex(dir, { recall: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  await expect(buildIndex(dir, { recall: 98 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
});

it('is what identification and the server use, unless they are told otherwise', async () => {
  const { dir, records } = await makeFittedDataset(temporaryFolder());
  const search = vi.spyOn(VectorIndex.prototype, 'search');
  onTestFinished(() => search.mockRestore());
  const used = () => search.mock.lastCall![1];
  const text = records[0]!.answer;
  const built = await buildIndex(dir, { factory: 'HNSW8,SQ8,RFlat', recall: 0.9 });
  expect(built).toMatchObject({ recall: { k: 44, sample: 45 }, effort: { efSearch: 45, rerank: 45 } });
  const file = join(dir, 'fit-0001', 'index.json');
  const edit = (change: object): void =>
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
  edit({ effort: { efSearch: 77, rerank: 33 } });
  {
    await using collection = await openCollection(dir);
    await collection.identify([text], { k: 3 });
    expect(used()).toMatchObject({ efSearch: 77, rerank: 33 });
    await collection.identify([text], { k: 30 });
    expect(used()).toMatchObject({ efSearch: 77, rerank: 60 }); // for more neighbours than was measured
    await collection.identify([text], { k: 3, efSearch: 9, rerank: 4 });
    expect(used()).toMatchObject({ efSearch: 9, rerank: 4 });
  }
  const served = new ServedDataset(dir, { readOnly: false, note: () => undefined });
  const live = await LiveCollection.open({ open: () => served.open(), close: () => served.close() });
  const server = await Server.start({
    source: live,
    port: 0,
    log: { level: 'silent', stream: process.stderr, texts: false },
  });
  const request = { texts: [text], k: 3, filter: { model: 'model-0' } };
  expect((await sendJson(server.url, 'POST', '/v1/index', { records: [NEW_RECORD] })).status).toBe(201);
  await sendJson(server.url, 'POST', '/v1/search', request);
  expect(used()).toMatchObject({ efSearch: 77, rerank: 33 });
  await sendJson(server.url, 'POST', '/v1/identify', { ...request, efSearch: 5 });
  expect(used()).toMatchObject({ efSearch: 5, rerank: 33 });
  const { effort, recall } = (await sendJson(server.url, 'GET', '/v1/index')).body;
  expect({ effort, recall }).toEqual({ effort: { efSearch: 77, rerank: 92 }, recall: built.recall });
  await server.stop();
  const { index } = await compactDataset(dir);
  expect(index).toMatchObject({ factory: built.factory, targetRecall: 0.9, effort: { efSearch: 46 }, rows: 46 });
  // What older versions wrote means their defaults.
  edit({ effort: undefined, recall: undefined, targetRecall: undefined });
  await using collection = await openCollection(dir);
  await collection.identify([text]);
  expect(used()).toMatchObject({ efSearch: 128 });
  expect(used()).not.toHaveProperty('rerank');
  edit({ effort: { efSearch: -1 } });
  await expect(openCollection(dir)).rejects.toMatchObject({ code: 'ERR_DATA' });
});
