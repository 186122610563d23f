/** What clients asked the server to change, and what it acknowledged. */

export interface AddedAnswer {
  answer: string;
  vector: number[];
  /** Number of answers with the same or nearly the same vector, this one included. */
  hub: number;
}

export interface Addition {
  answers: AddedAnswer[];
  /** Their rows; undefined if the client got no response. */
  rows: number[] | undefined;
}

export interface Removal {
  rows: number[];
  isAcknowledged: boolean;
}

export class Ledger {
  readonly additions: Addition[] = [];
  readonly removals: Removal[] = [];

  /** Acknowledged answers that nobody asked to remove, by row. */
  remaining(): Map<number, AddedAnswer> {
    const remaining = new Map<number, AddedAnswer>();
    for (const { answers, rows } of this.additions) rows?.forEach((row, i) => remaining.set(row, answers[i]!));
    for (const { rows } of this.removals) for (const row of rows) remaining.delete(row);
    return remaining;
  }
}
