import type { RowLabels } from '../core/row-labels.js';
import { splitValueId } from '../core/value-id.js';
import type { Neighbours } from '../search/exact-search.js';

export interface RankedValueId {
  valueId: string;
  model: string;
  lang: string;
  votes: number;
  /** Votes divided by the number of neighbours found. */
  share: number;
  /** Mean Euclidean distance of the neighbours that voted for it. */
  meanDistance: number;
}

export interface Neighbour {
  /** Row in the index. */
  row: number;
  /** Euclidean distance. */
  distance: number;
  valueId: string;
}

export interface Identification {
  /** Every value id that got a vote, most votes first, ties by value id. */
  ranking: RankedValueId[];
  /** The evidence, nearest first. */
  neighbours: Neighbour[];
}

/**
 * The uniform vote of the neighbours of one query, ties to the value id that sorts first (reference, section 7.1). It
 * looks only at the labels of these neighbours, however many there are, and at `names` in any order.
 */
export function rankNeighbours(
  { rows, distances, k }: Neighbours,
  query: number,
  { names, labels }: RowLabels,
): Identification {
  const neighbours: Neighbour[] = [];
  const tallies = new Map<number, { votes: number; distances: number }>();
  for (let i = query * k; i < (query + 1) * k; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    const label = labels[row]!;
    const distance = distances[i]!;
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
  })).sort((a, b) => b.votes - a.votes || (a.valueId < b.valueId ? -1 : 1));
  return { ranking, neighbours };
}
