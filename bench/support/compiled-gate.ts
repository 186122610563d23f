/**
 * The functions of the compiled bench-gate that proofs need. Processes that the sources would start need tsx, which
 * those of a real check do not load.
 */
import type * as checking from '../../packages/bench-gate/src/check.js';
import type * as counting from '../../packages/bench-gate/src/counting/count.js';
import type * as finding from '../../packages/bench-gate/src/find-benchmarks.js';
import type * as verdicts from '../../packages/bench-gate/src/verdict/check-benchmarks.js';
import { compiledBenchGate } from '../../test/support/compiled-bench-gate.js';

export const { countingTools } = await compiledBenchGate<typeof checking>('check.js');
export const { compareInstructions } = await compiledBenchGate<typeof counting>('counting/count.js');
export const { selectBenchmarks } = await compiledBenchGate<typeof finding>('find-benchmarks.js');
export const { checkBenchmarks } = await compiledBenchGate<typeof verdicts>('verdict/check-benchmarks.js');
