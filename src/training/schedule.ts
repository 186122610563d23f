/** Learning rate as a function of the step: linear warm-up, followed by one of four decays. */
import { EngineError } from '../core/errors.js';

/** How the learning rate falls after the warm-up. */
export type Decay = 'constant' | 'linear' | 'cosine' | 'inverse-sqrt';

export interface Schedule {
  /** Peak learning rate, reached at the end of the warm-up. */
  learningRate: number;
  /** Steps of linear warm-up from 0; step 1 already has learningRate / warmupSteps. @default 0 */
  warmupSteps: number;
  /** Decay after the warm-up. @default 'constant' */
  decay: Decay;
  /** Total number of steps; required by `linear` and `cosine`, which end at 0. */
  totalSteps?: number | undefined;
}

/** Returns the learning rate of a step, counted from 1. */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { learningRate, warmupSteps, decay, totalSteps } = schedule;
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (decay === 'constant') return learningRate;
  // lr * sqrt(w / t), continuous at the end of the warm-up.
  if (decay === 'inverse-sqrt') return learningRate * Math.sqrt(Math.max(warmupSteps, 1) / step);
  if (totalSteps === undefined)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a number of steps for "totalSteps", which the decay ${decay} needs, got undefined`,
    );
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return learningRate * (decay === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress)));
}
