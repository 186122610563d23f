import type { Fault } from './fault.js';

/** A part of the system under load: a program, what it needs, and those who use it. */
export interface Part {
  name: string;
  /** What the load and the check leave out here, and why. */
  skipped: readonly string[];
  faults: readonly Fault[];
  /** Uses the part until the signal fires. */
  load: (until: AbortSignal) => Promise<void>;
  /** Ends the part, once all faults are healed, and checks what is left. */
  check: () => Promise<void>;
  /** Frees everything. Called in any case. */
  close: () => Promise<void>;
}
