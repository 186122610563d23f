import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import type { SearchEffort } from '../../identification/searchable-index.js';
import { DEFAULT_K } from '../../identification/value-identifier.js';
import type { MeasuredRecall } from '../../search/measured-recall.js';
import type { VectorIndex } from '../../search/vector-index.js';
import { RecallProbe } from './recall-probe.js';

/** The cheapest search that reaches a recall, or the best one if none does. */
export interface TunedSearch {
  /** Empty if the index has nothing to set. */
  effort: SearchEffort;
  recall: MeasuredRecall;
}

/** Largest `efSearch` and `nprobe` that are tried. Beyond it, an exact search is not much slower. */
const MOST = 2048;
/** Re-ranked candidates to try, as multiples of k. */
const RERANKED = [2, 4, 8];
/** Rows that a graph compares for each candidate that it keeps. */
const COMPARED_PER_CANDIDATE = 24;
/** A comparison with a complete vector takes about as long as this many with codes. */
const RERANK_COST = 6;

/**
 * Finds the cheapest search of an index that reaches a recall, for the number of neighbours that identification uses:
 * `efSearch` of a graph or `nprobe` of lists, and the number of re-ranked candidates. What new vectors get at least
 * ({@link MeasuredRecall.atLeast}) must reach it.
 *
 * @param index holds all rows of `source`
 * @returns undefined if nothing need be measured: the index is exact, or has fewer than two rows
 * @throws EngineError like {@link RecallProbe.create} and `VectorIndex.search`
 */
export async function tuneSearch(
  index: VectorIndex,
  source: EmbeddingShards,
  { recall, signal }: { recall: number; signal?: AbortSignal | undefined },
): Promise<TunedSearch | undefined> {
  const k = Math.min(DEFAULT_K, source.rows - 1);
  if (k < 1 || index.factory === 'Flat') return undefined;
  const probe = await RecallProbe.create(source, { k, metric: index.metric, signal });
  const tried: TunedSearch[] = [];
  const measure = async (effort: SearchEffort): Promise<TunedSearch> => {
    const tuned = { effort, recall: await probe.measure(index, effort, signal) };
    tried.push(tuned);
    return tuned;
  };
  const cost = costOf(index.factory, source.rows);
  let cheapest: TunedSearch | undefined;
  for (const efforts of effortsOf(index.factory, source.rows, k)) {
    if (cheapest && cost(efforts[0]!) >= cost(cheapest.effort)) break;
    const reaching = await firstReaching(efforts, recall, measure);
    if (reaching && (!cheapest || cost(reaching.effort) < cost(cheapest.effort))) cheapest = reaching;
  }
  return cheapest ?? tried.reduce((a, b) => (b.recall.share > a.recall.share ? b : a));
}

/** Returns the efforts to try: for each number of re-ranked candidates, if there are any, ascending. */
function effortsOf(factory: string, rows: number, k: number): SearchEffort[][] {
  const reranked = factory.endsWith('RFlat') ? [...new Set(RERANKED.map((n) => Math.min(rows, n * k)))] : [undefined];
  const lists = listsOf(factory);
  return reranked.map((rerank) => {
    const ranking = rerank === undefined ? {} : { rerank };
    if (lists !== undefined) return steps(1, Math.min(lists, MOST)).map((nprobe) => ({ nprobe, ...ranking }));
    if (!factory.includes('HNSW')) return [ranking];
    // With fewer candidates than it has to return, a search keeps as many as those.
    const least = Math.min(rows, rerank ?? k);
    return steps(least, Math.max(least, Math.min(rows, MOST))).map((efSearch) => ({ efSearch, ...ranking }));
  });
}

/** Number of inverted lists; undefined if the index has none. */
function listsOf(factory: string): number | undefined {
  const lists = /IVF(\d+)/.exec(factory)?.[1];
  return lists === undefined ? undefined : Number(lists);
}

/** Returns numbers from `first` to `last`, with about four for each doubling. */
function steps(first: number, last: number): number[] {
  const numbers = [first];
  while (numbers.at(-1)! < last) {
    const number = numbers.at(-1)!;
    const step = Math.max(1, 2 ** Math.floor(Math.log2(number) - 2));
    numbers.push(Math.min(last, (Math.floor(number / step) + 1) * step));
  }
  return numbers;
}

/** Returns the approximate work of one query, in comparisons with codes. */
function costOf(factory: string, rows: number): (effort: SearchEffort) => number {
  const perList = rows / (listsOf(factory) ?? rows);
  return ({ efSearch = 0, nprobe = 0, rerank = 0 }) =>
    COMPARED_PER_CANDIDATE * efSearch + perList * nprobe + RERANK_COST * rerank;
}

/** Finds the first effort whose recall is high enough, since recall grows with the effort. Tries low ones first. */
async function firstReaching(
  efforts: readonly SearchEffort[],
  recall: number,
  measure: (effort: SearchEffort) => Promise<TunedSearch>,
): Promise<TunedSearch | undefined> {
  const last = efforts.length - 1;
  let [low, high] = [0, 0];
  let found = await measure(efforts[high]!);
  while (found.recall.atLeast < recall) {
    if (high === last) return undefined;
    [low, high] = [high + 1, Math.min(last, 2 * high + 1)];
    found = await measure(efforts[high]!);
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const tuned = await measure(efforts[middle]!);
    if (tuned.recall.atLeast >= recall) [found, high] = [tuned, middle];
    else low = middle + 1;
  }
  return found;
}
