import { ROUNDS } from '../../packages/bench-gate/src/timing/block.js';
import { type Block, estimate, judge, LOOKS, type Verdict } from '../../packages/bench-gate/src/timing/statistics.js';
import { seededRandom } from './random.js';

export const THRESHOLD = 0.07;

/** Simulates log-ratios of a noisy machine. */
export interface Noise {
  /** Standard deviation of the shared noise of a pair of processes. */
  block: number;
  /** Standard deviation of a round. */
  round: number;
  /** Share of rounds in which other load affects only one build, and its size. */
  disturbed: number;
  disturbance: number;
}
export const QUIET: Noise = { block: 0.008, round: 0.01, disturbed: 0, disturbance: 0 };
export const BUSY: Noise = { block: 0.015, round: 0.03, disturbed: 0.15, disturbance: 0.4 };

export function makeBlocks(change: number, noise: Noise, random: () => number) {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return (): Block => {
    const shared = Math.log1p(change) + noise.block * normal();
    return Array.from({ length: ROUNDS }, () => {
      const burst = random() < noise.disturbed ? noise.disturbance * (random() < 0.5 ? 1 : -1) : 0;
      return shared + noise.round * normal() + burst;
    });
  };
}

/** Judges block by block, like a check, and returns the last verdict. */
function decide(nextBlock: () => Block, seed: number): { verdict: Verdict; blocks: number } {
  const blocks: Block[] = [];
  let verdict: Verdict = 'undecided';
  for (const look of LOOKS) {
    while (blocks.length < look.blocks) blocks.push(nextBlock());
    verdict = judge(estimate(blocks, seed), THRESHOLD);
    if (verdict !== 'undecided') break;
  }
  return { verdict, blocks: blocks.length };
}

/** Verdicts of many checks of builds that differ by `change`, and the mean number of blocks. */
export function countVerdicts(
  checks: number,
  change: number,
  noise: Noise,
): Record<Verdict, number> & { blocks: number } {
  const random = seededRandom(1);
  const counts = { slower: 0, 'not slower': 0, undecided: 0, blocks: 0 };
  for (let i = 0; i < checks; i++) {
    const { verdict, blocks } = decide(makeBlocks(change, noise, random), i);
    counts[verdict] += 1;
    counts.blocks += blocks / checks;
  }
  return counts;
}
