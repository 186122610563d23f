import { describe, expect, it } from 'vitest';

import { AdamW } from '../../../src/evaluation/adamw.js';

/** Returns the parameter after all steps, from the closed form of the moments (Kingma and Ba, section 3). */
function reference(start: number, gradients: number[], rates: number[], weightDecay: number): number {
  let parameter = start;
  gradients.forEach((_, t) => {
    const seen = gradients.slice(0, t + 1);
    const mean = (beta: number, power: number): number => {
      const weights = seen.map((__, i) => beta ** (t - i));
      return seen.reduce((sum, g, i) => sum + weights[i]! * g ** power, 0) / weights.reduce((a, b) => a + b);
    };
    parameter -= rates[t]! * (weightDecay * parameter + mean(0.9, 1) / (Math.sqrt(mean(0.999, 2)) + 1e-8));
  });
  return parameter;
}

describe('AdamW', () => {
  it.each([0, 0.01, 0.5])('follows the closed form with weight decay %d', (weightDecay) => {
    const gradients = [0.5, -2, 0.1, 0, 3, -0.001];
    const rates = [0.1, 0.1, 0.05, 0.02, 0.02, 0.01];
    const parameters = Float32Array.of(1, -3);
    const optimiser = new AdamW(parameters, weightDecay);
    gradients.forEach((gradient, t) => optimiser.step(Float32Array.of(gradient, -gradient), rates[t]!));
    expect(parameters[0]).toBeCloseTo(reference(1, gradients.map(Math.fround), rates, weightDecay), 5);
    expect(parameters[1]).toBeCloseTo(
      reference(
        -3,
        gradients.map((g) => Math.fround(-g)),
        rates,
        weightDecay,
      ),
      5,
    );
  });

  it('takes a first step of the learning rate against the gradient, independent of its size', () => {
    const parameters = Float32Array.of(0, 0);
    new AdamW(parameters, 0).step(Float32Array.of(1e-3, -1e6), 0.125);
    expect(parameters[0]).toBeCloseTo(-0.125, 5);
    expect(parameters[1]).toBeCloseTo(0.125, 7);
  });
});
