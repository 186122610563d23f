/**
 * Labels as indices and the vote of the nearest neighbours: uniform votes, ties to the smallest label index, labels
 * sorted (reference, section 7.1).
 */
export interface LabelIndex {
  /** Distinct labels, ascending by UTF-16 code unit. */
  names: string[];
  /** For every row the position of its label in `names`. */
  indices: Int32Array;
}

/** Numbers the distinct labels in sorted order. */
export function indexLabels(labels: readonly string[]): LabelIndex {
  const names = [...new Set(labels)].sort();
  const position = new Map(names.map((name, i) => [name, i]));
  return { names, indices: Int32Array.from(labels, (label) => position.get(label)!) };
}

/**
 * Votes of the first `k` neighbours of one query.
 *
 * @param rows neighbours' rows, nearest first; a negative row (nothing found) casts no vote
 * @param labels label index of every row
 * @param votes receives the count of each label; its length is the number of labels
 */
export function countVotes(rows: Int32Array, k: number, labels: Int32Array, votes: Int32Array): void {
  votes.fill(0);
  for (let i = 0; i < k; i++) {
    const row = rows[i]!;
    if (row >= 0) votes[labels[row]!]! += 1;
  }
}

/** The smallest index among the largest entries. */
export function firstLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
