/**
 * Prints the share of rows that graphs find by their own vectors, for rows that are hard for graphs, with FAISS's
 * construction and with ours, added at once and one by one.
 *
 *   npx tsx bench/lookups/lost-rows.ts
 */
import { VectorIndex } from '../../src/search/vector-index.js';
import { hardRows, textLike } from '../../test/support/hard-rows.js';

const HALF = 2000;
const DIM = 64;
const SETS = { 'rows around 40 centres': () => textLike(2 * HALF, DIM, 1), ...hardRows(HALF, DIM) };

console.log('| | FAISS, at once | FAISS, singly | Here, at once | Here, singly |\n|---|---:|---:|---:|---:|');
for (const [name, make] of Object.entries(SETS)) {
  const x = make();
  const cells: string[] = [];
  for (const plain of [true, false]) {
    for (const step of [x.length, DIM]) {
      await using index = await VectorIndex.create({ dim: DIM, metric: 'l2', factory: 'HNSW32', plain });
      for (let begin = 0; begin < x.length; begin += step) await index.add(x.subarray(begin, begin + step));
      cells.push((100 * (await index.selfRecall({ sample: 2 * HALF }))).toFixed(1));
    }
  }
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}
