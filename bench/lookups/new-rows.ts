/**
 * Prints what `univar index` measures with rows of an index, beside the recall for new answers, which were left out of
 * it: recall@50 by inner product, exact search being 1.
 *
 *   npx tsx bench/lookups/new-rows.ts DATASET [ROWS]
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openDataset } from '../../src/datasets/dataset.js';
import { RecallProbe } from '../../src/pipeline/index/recall-probe.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { prepareData } from './data.js';
import { EF_CONSTRUCTION } from './kinds.js';
import { recallOf } from './recall.js';

const K = 50;
const [folder, rows] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected DATASET, written by univar embed');
const data = await prepareData({
  folders: [folder],
  fitted: false,
  rows: rows === undefined ? undefined : Number(rows),
  queries: 1000,
  k: K,
  work: join(tmpdir(), 'univar-new-rows'),
});
const { dim, base, queries } = data;
const probe = await RecallProbe.create(await openDataset(data.dataset), { k: K, metric: 'ip' });

console.log(`${data.rows} answers, ${dim} dimensions`);
console.log('| | efSearch | in the index | new | counted on: at least |\n|---|---:|---:|---:|---:|');
for (const [factory, efforts, building] of [
  ['HNSW32', [64, 128, 256], {}],
  ['HNSW32,SQ8,RFlat', [100, 128, 256], { efConstruction: EF_CONSTRUCTION }],
] as const) {
  await using index = await VectorIndex.create({ dim, metric: 'ip', factory, ...building });
  if (!index.isTrained) await index.train(base);
  await index.add(base);
  for (const efSearch of efforts) {
    const { share, atLeast } = await probe.measure(index, { efSearch });
    const { labels } = await index.search(queries, { k: K, efSearch });
    const found = recallOf(labels, K, data, { disorder: Infinity, name: factory });
    const cells = [share, found, atLeast].map((value) => value.toFixed(3));
    console.log(`| ${[`\`${factory}\``, efSearch, ...cells].join(' | ')} |`);
  }
}
