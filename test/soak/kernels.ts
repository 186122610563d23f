import { infoNce } from '../../src/native/infonce.js';
import { INFONCE_MODES } from '../../src/native/infonce-modes.js';
import { matmul } from '../../src/native/matmul.js';
import { METRICS } from '../../src/native/metrics.js';
import { POOLING_MODES } from '../../src/native/pooling.js';
import { TRAINING_PRECISIONS } from '../../src/native/precisions.js';
import { SimilarityBase } from '../../src/native/similarity-base.js';
import { STORAGES } from '../../src/native/storages.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { l2Normalize, pool } from '../../src/native/vectors.js';
import { type Activity, check, checkEqual, checkFinite, settled } from './activity.js';

/** Sizes around the widths of vectors, tiles and small jobs. */
const SIZES = [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100] as const;

export const loss: Activity = async (draw) => {
  const rows = draw.pick([...SIZES, 300]);
  const dim = draw.pick(SIZES);
  const [query, key] = await Promise.all(
    [0, 1].map(() => l2Normalize(draw.floats(rows * dim), { dim, signal: undefined })),
  );
  const result = await settled(
    infoNce({
      query: query!,
      key: key!,
      dim,
      logitScale: draw.pick([1, 20, 100]),
      labels: draw.ints(rows, draw.pick([0, 3, rows])),
      mode: draw.pick(INFONCE_MODES),
      precision: draw.pick(TRAINING_PRECISIONS),
      signal: draw.signal(),
    }),
  );
  if (!result) return;
  check(Number.isFinite(result.loss), `loss ${result.loss}`);
  checkFinite(result.dQuery, 'gradient');
  checkFinite(result.dKey, 'gradient');
};

/** Exact search: the storage must not change the result. */
export const topK: Activity = async (draw) => {
  const dim = draw.pick(SIZES);
  const rows = draw.pick([1, 17, 256, 257, 3000]);
  const base = draw.floats(rows * dim);
  const queries = draw.floats(draw.pick([1, 7, 8, 40, 130]) * dim);
  const metric = draw.pick(METRICS);
  const k = draw.int(1, Math.min(rows, 20));
  const expected = await similarityTopK({ base, queries, dim, metric, k });
  const prepared = await SimilarityBase.create({ base, dim, metric, storage: draw.pick(STORAGES) });
  const searches = Array.from({ length: draw.int(1, 4) }, () =>
    settled(prepared.search(queries, { k, signal: draw.signal() })),
  );
  if (draw.chance(0.5)) await prepared.dispose();
  for (const result of await Promise.all(searches)) {
    if (!result) continue;
    checkEqual(result.labels, expected.labels, 'labels');
    checkEqual(result.distances, expected.distances, 'distances');
  }
};

export const vectors: Activity = async (draw) => {
  const dim = draw.pick(SIZES);
  const offsets = draw.offsets(draw.pick([0, 1, 5, 40]), 0, 9);
  const hidden = draw.floats(offsets.at(-1)! * dim);
  const pooled = await settled(
    pool({ hidden, offsets, dim, pooling: draw.pick(POOLING_MODES), signal: draw.signal() }),
  );
  if (pooled) checkFinite(pooled, 'pooled row');
  await settled(l2Normalize(hidden, { dim, out: hidden, signal: draw.signal() }));
  const [m, n, k] = [draw.pick(SIZES), draw.pick(SIZES), draw.pick(SIZES)];
  const options = {
    transposeA: draw.chance(0.5),
    transposeB: draw.chance(0.5),
    precision: draw.pick(TRAINING_PRECISIONS),
  };
  checkFinite(await matmul(draw.floats(m * k), draw.floats(k * n), m, n, k, options), 'product');
};
