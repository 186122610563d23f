import type { RowLabels } from '../core/row-labels.js';
import { splitValueId } from '../core/value-id.js';
import type { IndexMetric } from '../native/metrics.js';
import type { SearchResult } from '../native/search-result.js';
import { euclideanDistance } from '../search/euclidean-distance.js';

/** A value id and its votes. */
export interface RankedValueId {
  valueId: string;
  model: string;
  lang: string;
  votes: number;
  /** Votes divided by the number of neighbours found. */
  share: number;
  /** Mean Euclidean distance of the neighbours with this value id. */
  meanDistance: number;
}

/** A near answer. */
export interface Neighbour {
  /** Row in the index. */
  row: number;
  /** Euclidean distance. */
  distance: number;
  valueId: string;
}

/** Whose values a text expresses, by its nearest neighbours. */
export interface Identification {
  /** Every value id that got a vote: most votes first, then smallest mean distance, then by value id. */
  ranking: RankedValueId[];
  /** The neighbours that voted, nearest first. */
  neighbours: Neighbour[];
}

/**
 * Ranks the value ids for each query: each neighbour has one vote (reference, section 7.1), and ties go to the value id
 * whose neighbours are nearer. The cost depends only on the number of neighbours, not on the number of rows or value
 * ids.
 *
 * @param queries number of queries
 */
export function rankNeighbours(
  found: SearchResult,
  queries: number,
  metric: IndexMetric,
  rowLabels: RowLabels,
): Identification[] {
  return Array.from({ length: queries }, (_, query) => rankOne(found, query, metric, rowLabels));
}

function rankOne(
  { labels: rows, distances, k }: SearchResult,
  query: number,
  metric: IndexMetric,
  { names, labels }: RowLabels,
): Identification {
  const neighbours: Neighbour[] = [];
  const tallies = new Map<number, { votes: number; distances: number }>();
  for (let i = query * k; i < (query + 1) * k; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    const label = labels[row]!;
    const distance = euclideanDistance(distances[i]!, metric);
    neighbours.push({ row, distance, valueId: names[label]! });
    const tally = tallies.get(label) ?? { votes: 0, distances: 0 };
    tally.votes++;
    tally.distances += distance;
    tallies.set(label, tally);
  }
  const ranking = Array.from(tallies, ([label, { votes, distances }]) => ({
    valueId: names[label]!,
    ...splitValueId(names[label]!),
    votes,
    share: votes / neighbours.length,
    meanDistance: distances / votes,
  })).sort((a, b) => b.votes - a.votes || a.meanDistance - b.meanDistance || (a.valueId < b.valueId ? -1 : 1));
  return { ranking, neighbours };
}
