/** What was counted of one benchmark in one build. */
import { readFile } from 'node:fs/promises';

import { percent } from '../format.js';
import type { Counted } from '../process/protocol.js';
import { CLOSE_COUNT, settledAt, spread } from './iterations.js';
import { type Profile, parseProfile } from './profile.js';

export type BuildCount =
  | {
      kind: 'counted';
      /** Instructions of one iteration. */
      instructions: number;
      /** Relative difference of iterations that should be equal: 0 unless they differ by more than 0.1 %. */
      uncertainty: number;
      /** Variant of the build that was counted. */
      variant: string | null;
      profile: Profile;
    }
  | NotCounted;

export interface NotCounted {
  kind: 'not counted';
  reason: string;
  /** Its iterations differed, which may be otherwise in another process. */
  unsettled?: true;
}

/** Chooses the iteration that stands for all, and reads its profile. */
export async function summarise(counted: Counted): Promise<BuildCount> {
  const { counts, calls, variant } = counted;
  const at = settledAt(counts, CLOSE_COUNT);
  if (at === undefined) {
    const difference = `${percent(spread(counts))} of their instructions, more than ${percent(CLOSE_COUNT)}`;
    return { kind: 'not counted', reason: `its iterations differ by ${difference}`, unsettled: true };
  }
  const functions = parseProfile(await readFile(counted.profile, 'utf8'));
  const profile = new Map([...functions].map(([name, instructions]) => [name, instructions / calls]));
  const uncertainty = settledAt(counts) === undefined ? spread(counts) : 0;
  return { kind: 'counted', instructions: counts[at]!, uncertainty, variant, profile };
}
