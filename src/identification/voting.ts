/**
 * Counts the votes of the first `k` neighbours of one query.
 *
 * @param rows rows of the neighbours, nearest first; a negative row (nothing found) casts no vote
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
