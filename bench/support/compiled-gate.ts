/**
 * The functions of the compiled bench-gate that proofs need. Processes that the sources would start need tsx, which
 * those of a real check do not load.
 */
import type * as checking from '../../packages/bench-gate/src/check.js';
import type * as counting from '../../packages/bench-gate/src/counting/count.js';
import type * as finding from '../../packages/bench-gate/src/find-benchmarks.js';
import type * as verdicts from '../../packages/bench-gate/src/verdict/check-benchmarks.js';

async function compiled<T>(path: string): Promise<T> {
  return (await import(new URL(`../../packages/bench-gate/dist/${path}`, import.meta.url).href)) as T;
}

export const { countingTools } = await compiled<typeof checking>('check.js');
export const { compareInstructions } = await compiled<typeof counting>('counting/count.js');
export const { selectBenchmarks } = await compiled<typeof finding>('find-benchmarks.js');
export const { checkBenchmarks } = await compiled<typeof verdicts>('verdict/check-benchmarks.js');
