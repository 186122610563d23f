import { quantile } from '../../../packages/bench-gate/src/timing/statistics.js';

export interface CurvePoint {
  efSearch: number;
  recall: number;
  /** One query at a time. */
  p50Ms: number;
  p99Ms: number;
  /** All queries in one call. */
  queriesPerSecond: number;
  /** CPU time of a query of that call, of all processes. Unlike times, it hardly depends on what else runs. */
  cpuMs: number;
}

export interface Questions {
  queries: Float32Array;
  dim: number;
  k: number;
  /** Labels of the exact results: [queries, k]. */
  truth: Int32Array;
  /** CPU time that all processes of an engine have used so far. */
  cpuSeconds: () => number;
}

/** Returns the labels of the k nearest rows of each query. */
export type Search = (queries: Float32Array, efSearch: number) => Promise<Int32Array>;

const SETTINGS = [50, 75, 100, 150, 200, 300, 400, 600, 1000];
const ENOUGH = 0.995;

/** Measures a search with more and more candidates, until it finds nearly everything. */
export async function measureCurve(search: Search, questions: Questions): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  await search(questions.queries, SETTINGS[0]!); // warms caches
  for (const efSearch of SETTINGS) {
    const point = await measurePoint(search, questions, efSearch);
    points.push(point);
    if (point.recall >= ENOUGH) break;
  }
  return points;
}

export async function measurePoint(
  search: Search,
  { queries, dim, truth, cpuSeconds }: Questions,
  efSearch: number,
): Promise<CurvePoint> {
  const count = queries.length / dim;
  const cpuBefore = cpuSeconds();
  const start = performance.now();
  const labels = await search(queries, efSearch);
  const queriesPerSecond = count / ((performance.now() - start) / 1000);
  const cpuMs = (1000 * (cpuSeconds() - cpuBefore)) / count;
  const milliseconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await search(queries.subarray(i * dim, (i + 1) * dim), efSearch);
    milliseconds.push(performance.now() - begin);
  }
  return {
    efSearch,
    recall: recallOf(labels, truth, count),
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
    queriesPerSecond,
    cpuMs,
  };
}

/** Interpolates the median latency at a recall; undefined if the curve does not reach it. */
export function millisecondsAt(points: readonly CurvePoint[], recall: number): number | undefined {
  const above = points.findIndex((point) => point.recall >= recall);
  if (above <= 0) return points[above]?.p50Ms;
  const [a, b] = [points[above - 1]!, points[above]!];
  return a.p50Ms + ((recall - a.recall) / (b.recall - a.recall)) * (b.p50Ms - a.p50Ms);
}

function recallOf(labels: Int32Array, truth: Int32Array, count: number): number {
  const k = truth.length / count;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const expected = new Set(truth.subarray(i * k, (i + 1) * k));
    for (const label of labels.subarray(i * k, (i + 1) * k)) if (expected.has(label)) found++;
  }
  return found / truth.length;
}
