/** Compares the instructions of a benchmark in two builds. */
import { percent } from '../format.js';
import type { BuildCount, NotCounted } from './build-count.js';
import { changedFunctions, type FunctionChange } from './profile.js';

export type InstructionChange =
  | {
      kind: 'counted';
      /** Instructions of one iteration. */
      base: number;
      head: number;
      /** (head - base) / base. */
      growth: number;
      /** Variant of the build that was counted: Valgrind does not know all instruction sets. */
      variant: string | null;
      /** Functions that explain the change, if it is worth a look. */
      functions: FunctionChange[];
    }
  | NotCounted;

/** Growth from which a check fails, as a share. */
export const INSTRUCTION_LIMIT = 0.02;

/** Changes from this share on are explained by functions. */
const EXPLAINED = 0.005;

/**
 * Explains a change by the functions whose instructions changed. If the counts are too uncertain to say on which side
 * of the limit it is, it was not counted.
 */
export function compareCounts(base: BuildCount, head: BuildCount): InstructionChange {
  if (head.kind === 'not counted') return head;
  if (base.kind === 'not counted') return { ...base, reason: `in the base, ${base.reason}` };
  const growth = (head.instructions - base.instructions) / Math.max(1, base.instructions);
  const uncertainty = base.uncertainty + head.uncertainty;
  if (uncertainty > 0 && Math.abs(growth - INSTRUCTION_LIMIT) <= uncertainty) {
    const reason = `${percent(growth)} more are uncertain by ${percent(uncertainty)}, because its iterations differ`;
    return { kind: 'not counted', reason, unsettled: true };
  }
  return {
    kind: 'counted',
    base: base.instructions,
    head: head.instructions,
    growth,
    variant: head.variant,
    functions: Math.abs(growth) < EXPLAINED ? [] : changedFunctions(base.profile, head.profile),
  };
}

/** Says whether another count may change the verdict. */
export function isDoubtful(change: InstructionChange): boolean {
  return change.kind === 'counted' ? change.growth >= INSTRUCTION_LIMIT : change.unsettled === true;
}
