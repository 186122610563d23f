/** Compares the instructions of a benchmark in two builds. */
import type { BuildCount } from './build-count.js';
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
  | { kind: 'not counted'; reason: string };

/** Growth from which a check fails, as a share. */
export const INSTRUCTION_LIMIT = 0.02;

/** Changes from this share on are explained by functions. */
const EXPLAINED = 0.005;

/** Explains a change by the functions whose instructions changed. */
export function compareCounts(base: BuildCount, head: BuildCount): InstructionChange {
  if (head.kind === 'not counted') return head;
  if (base.kind === 'not counted') return { kind: 'not counted', reason: `in the base, ${base.reason}` };
  const growth = (head.instructions - base.instructions) / Math.max(1, base.instructions);
  return {
    kind: 'counted',
    base: base.instructions,
    head: head.instructions,
    growth,
    variant: head.variant,
    functions: Math.abs(growth) < EXPLAINED ? [] : changedFunctions(base.profile, head.profile),
  };
}
