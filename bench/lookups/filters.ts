/**
 * Prints what filters by model and language cost a lookup, and what it finds: CPU time and recall@50 of new answers,
 * which were left out of the index, against exact search with the same filter. Filters by language are asked by answers
 * in that language and by answers in other languages, which are far from all that they may find.
 *
 *   npx tsx bench/lookups/filters.ts DATASET
 */
import { SeededRandom } from '../../src/core/random.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { markdownTable } from '../../src/evaluation/markdown-table.js';
import { allowsRow, rowFilter } from '../../src/search/filters/row-filter.js';
import { gatherRows } from '../../src/search/gather-rows.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { EF_CONSTRUCTION } from './kinds.js';

const K = 50;
const QUERIES = 400;
const EF_SEARCH = 100;
const SEED = 1;
const SHARES = [0.01, 0.1, 0.5];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected DATASET, written by univar embed');
const dataset = await openDataset(folder);
const { dim } = dataset;
const { names, labels } = await dataset.readValueIds();
const order = new SeededRandom(SEED).shuffle(Int32Array.from({ length: labels.length }, (_, row) => row));
const kept = order.slice(QUERIES).sort();
const all = await dataset.readEmbeddings();
const [queries, base] = [gatherRows(all, dim, order.subarray(0, QUERIES)), gatherRows(all, dim, kept)];
const queryIds = Array.from(order.subarray(0, QUERIES), (row) => names[labels[row]!]!);
const ids = Array.from(kept, (row) => names[labels[row]!]!);

/** A graph, and exact search over the same rows. */
interface Searched {
  graph: VectorIndex;
  exact: VectorIndex;
}

async function build(vectors: Float32Array): Promise<Searched> {
  const graph = await VectorIndex.create({
    ...{ dim, metric: 'ip', factory: 'HNSW32,SQ8,Refine(SQfp16)', efConstruction: EF_CONSTRUCTION },
  });
  await graph.train(vectors);
  await graph.reserve(vectors.length / dim);
  await graph.add(vectors);
  const exact = await VectorIndex.create({ dim, metric: 'ip', factory: 'Flat' });
  await exact.add(vectors);
  return { graph, exact };
}

/** Answers by model (0) or language (1), the most frequent first. */
function countBy(part: 0 | 1): [string, number][] {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id.split('$')[part]!, (counts.get(id.split('$')[part]!) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Models that wrote this share of the answers together: the rarest, as long as they fit. */
function modelsOf(share: number): Set<string> {
  const chosen = new Set<string>();
  let rest = 1.05 * share * ids.length;
  for (const [model, count] of countBy(0).reverse()) {
    if (count > rest) continue;
    chosen.add(model);
    rest -= count;
  }
  return chosen;
}

interface Measured {
  name: string;
  filter?: Uint8Array;
  asked?: Float32Array;
  searched?: Searched;
  efSearch?: number;
}

const everything = await build(base);

async function measure(given: Measured): Promise<string[]> {
  const { name, filter, asked = queries, searched: { graph, exact } = everything, efSearch = EF_SEARCH } = given;
  const options = { k: K, ...(filter && { filter }) };
  const nearest = (await exact.search(asked, options)).labels;
  const count = asked.length / dim;
  let found = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const query = asked.subarray(i * dim, (i + 1) * dim);
    const { labels: own } = graph.searchSync(query, { ...options, efSearch });
    const expected = new Set(nearest.subarray(i * K, (i + 1) * K));
    found += own.filter((label) => expected.has(label)).length;
  }
  const { user, system } = process.cpuUsage(before);
  const allowed = filter ? ids.filter((_, row) => allowsRow(filter, row)).length : graph.size;
  return [
    name,
    String(efSearch),
    String(count),
    `${((100 * allowed) / ids.length).toFixed(1)} %`,
    ((user + system) / 1000 / count).toFixed(2),
    (found / nearest.length).toFixed(3),
  ];
}

/** Numbers of the elements that a language has, or has not. */
function rowsOf(valueIds: readonly string[], language: string, has: boolean): Int32Array {
  return Int32Array.from(valueIds.keys()).filter((i) => valueIds[i]!.endsWith(`$${language}`) === has);
}

const languages = countBy(1);
await measure({ name: 'warm-up' });
const lines = [await measure({ name: 'none' })];
for (const share of SHARES) {
  const models = modelsOf(share);
  const filter = rowFilter(ids.length, (row) => models.has(ids[row]!.split('$')[0]!));
  lines.push(await measure({ name: `${models.size} models`, filter }));
}
const distance = (count: number, share: number): number => Math.abs(count / ids.length - share);
for (const share of SHARES) {
  const [language] = languages.reduce((best, other) =>
    distance(other[1], share) < distance(best[1], share) ? other : best,
  );
  const filter = rowFilter(ids.length, (row) => ids[row]!.endsWith(`$${language}`));
  const inside = gatherRows(queries, dim, rowsOf(queryIds, language, true));
  const outside = gatherRows(queries, dim, rowsOf(queryIds, language, false));
  lines.push(await measure({ name: `${language}, asked in it`, filter, asked: inside }));
  lines.push(await measure({ name: `${language}, asked in others`, filter, asked: outside }));
  if (share < 0.5) continue;
  const efSearch = 4 * EF_SEARCH;
  lines.push(await measure({ name: `${language}, asked in others`, filter, asked: outside, efSearch }));
  // Tells whether the filter is at fault, or the distance of the queries from all that is allowed.
  const searched = await build(gatherRows(base, dim, rowsOf(ids, language, true)));
  lines.push(await measure({ name: `only ${language} indexed, asked in others`, asked: outside, searched }));
}
console.log(`${ids.length} answers, ${dim} dimensions`);
console.log(markdownTable(['filter', 'efSearch', 'queries', 'allows', 'CPU ms', 'recall@50'], lines));
