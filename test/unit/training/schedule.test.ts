import { describe, expect, it } from 'vitest';

import { learningRateAt } from '../../../src/training/schedule.js';

describe('learningRateAt', () => {
  const warm = { learningRate: 2e-4, warmupSteps: 700 };

  it.each(['constant', 'linear', 'cosine', 'inverse-sqrt'] as const)(
    'warms up linearly before the decay %s',
    (decay) => {
      const schedule = { ...warm, decay, totalSteps: 2000 };
      expect(learningRateAt(schedule, 1)).toBeCloseTo(2e-4 / 700, 12);
      expect(learningRateAt(schedule, 350)).toBeCloseTo(1e-4, 12);
      expect(learningRateAt(schedule, 700)).toBeCloseTo(2e-4, 12);
    },
  );

  it('follows the published inverse square root', () => {
    const at = (step: number): number => learningRateAt({ ...warm, decay: 'inverse-sqrt' }, step);
    expect(at(5_000)).toBeCloseTo(7.48e-5, 6);
    expect(at(10_000)).toBeCloseTo(5.29e-5, 6);
    expect(at(47_000)).toBeCloseTo(2.44e-5, 6);
  });

  it('ends at zero for linear and cosine, with half of the peak at half the steps', () => {
    for (const decay of ['linear', 'cosine'] as const) {
      const schedule = { learningRate: 1, warmupSteps: 100, decay, totalSteps: 300 };
      expect(learningRateAt(schedule, 200)).toBeCloseTo(0.5, 12);
      expect(learningRateAt(schedule, 300)).toBeCloseTo(0, 12);
      expect(learningRateAt(schedule, 400)).toBeCloseTo(0, 12);
    }
    expect(learningRateAt({ learningRate: 1, warmupSteps: 0, decay: 'constant' }, 1e6)).toBe(1);
  });

  it('needs the number of steps if the schedule depends on it', () => {
    expect(() => learningRateAt({ ...warm, decay: 'cosine' }, 701)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE' }),
    );
  });
});
