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
export async function summarise({ counts, agreeing, calls, variant, profiles }: Counted): Promise<BuildCount> {
  const at = settledAt({ counts, agreeing }, CLOSE_COUNT);
  const difference = spread({ counts, agreeing });
  if (at === undefined) {
    const limit = `more than ${percent(CLOSE_COUNT)}`;
    const reason = `its iterations differ by ${percent(difference)} of their instructions, ${limit}`;
    return { kind: 'not counted', reason, unsettled: true };
  }
  const profile = new Map<string, number>();
  for (const path of profiles)
    for (const [name, instructions] of parseProfile(await readFile(path, 'utf8')))
      profile.set(name, (profile.get(name) ?? 0) + instructions / calls);
  const uncertainty = settledAt({ counts, agreeing }) === undefined ? difference : 0;
  return { kind: 'counted', instructions: counts[at]!, uncertainty, variant, profile };
}
