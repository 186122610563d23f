/** What a child process tells its parent, and how the parent adds it up. */

/** Something that must not happen. */
export interface Finding {
  /** Number of the call; its choices follow from it and the seed. */
  call: number;
  /** The function or route. */
  name: string;
  fault: string;
  /** The arguments, as they were chosen. */
  plan: string;
}

export interface Tally {
  accepted: number;
  /** By code. */
  refused: Record<string, number>;
}

export type Tallies = Record<string, Tally>;

export interface Progress {
  /** All calls before this one are in the tallies that were sent. */
  next: number;
  /** Since the last message. */
  tallies: Tallies;
  findings: Finding[];
  /** Memory of the process, and its open files. */
  rssMiB: number;
  files: number;
}

export function addTo(all: Tallies, more: Tallies): void {
  for (const [name, { accepted, refused }] of Object.entries(more)) {
    const tally = (all[name] ??= { accepted: 0, refused: {} });
    tally.accepted += accepted;
    for (const [code, count] of Object.entries(refused)) tally.refused[code] = (tally.refused[code] ?? 0) + count;
  }
}
