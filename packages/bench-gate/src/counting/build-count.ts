/** What was counted of one benchmark in one build. */
import { readFile } from 'node:fs/promises';

import type { Counted } from '../process/protocol.js';
import { SAME_COUNT, settledAt, spread } from './iterations.js';
import { type Profile, parseProfile } from './profile.js';

export type BuildCount =
  | {
      kind: 'counted';
      /** Instructions of one iteration. */
      instructions: number;
      /** Variant of the build that was counted. */
      variant: string | null;
      profile: Profile;
    }
  | { kind: 'not counted'; reason: string };

/** Chooses the iteration that stands for all, and reads its profile. */
export async function summarise(counted: Counted): Promise<BuildCount> {
  const { counts, calls, variant } = counted;
  const at = settledAt(counts);
  if (at === undefined) {
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    const difference = `${percent(spread(counts))} of their instructions, more than ${percent(SAME_COUNT)}`;
    return { kind: 'not counted', reason: `its iterations differ by ${difference}` };
  }
  const functions = parseProfile(await readFile(counted.profile, 'utf8'));
  const profile = new Map([...functions].map(([name, instructions]) => [name, instructions / calls]));
  return { kind: 'counted', instructions: counts[at]!, variant, profile };
}
