import type { IndexMetric } from '../native/metrics.js';
import { allocateSearchResult, MAX_FLOAT32, type SearchResult } from '../native/search-result.js';

/**
 * Merges the nearest rows of disjoint sets of rows: the best k of each query, best first. Ties go to the smaller label.
 * If the parts have fewer rows, the remaining labels are -1.
 */
export function mergeResults(parts: readonly SearchResult[], k: number, metric: IndexMetric): SearchResult {
  const queries = parts[0]!.labels.length / parts[0]!.k;
  const merged = allocateSearchResult(queries, k);
  merged.labels.fill(-1);
  merged.distances.fill(metric === 'ip' ? -MAX_FLOAT32 : MAX_FLOAT32);
  const sign = metric === 'ip' ? -1 : 1;
  for (let query = 0; query < queries; query++) {
    const heads = parts.map((part) => query * part.k);
    for (let place = query * k; place < (query + 1) * k; place++) {
      let best = -1;
      for (const [i, part] of parts.entries()) {
        const head = heads[i]!;
        if (head === (query + 1) * part.k || part.labels[head]! < 0) continue;
        if (best < 0 || isBefore(part, head, parts[best]!, heads[best]!, sign)) best = i;
      }
      if (best < 0) break;
      merged.labels[place] = parts[best]!.labels[heads[best]!]!;
      merged.distances[place] = parts[best]!.distances[heads[best]!]!;
      heads[best]!++;
    }
  }
  return merged;
}

function isBefore(a: SearchResult, i: number, b: SearchResult, j: number, sign: number): boolean {
  const apart = sign * (a.distances[i]! - b.distances[j]!);
  return apart < 0 || (apart === 0 && a.labels[i]! < b.labels[j]!);
}
