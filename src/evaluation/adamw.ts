import { allocateFloat64 } from '../core/allocate.js';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * AdamW on one parameter array, with PyTorch's defaults: betas 0.9 and 0.999, epsilon 1e-8 added to the square root,
 * and weight decay decoupled from the gradient. Without weight decay it is Adam.
 */
export class AdamW {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  constructor(
    readonly parameters: Float32Array,
    readonly weightDecay: number,
  ) {
    this.#first = allocateFloat64(parameters.length, 'the moments of AdamW');
    this.#second = allocateFloat64(parameters.length, 'the moments of AdamW');
  }

  /** Updates the parameters in place. */
  step(gradient: Float32Array, learningRate: number): void {
    this.#steps += 1;
    const correction1 = 1 - BETA1 ** this.#steps;
    const correction2 = 1 - BETA2 ** this.#steps;
    const { parameters } = this;
    for (let i = 0; i < parameters.length; i++) {
      const slope = gradient[i]!;
      const first = (this.#first[i] = BETA1 * this.#first[i]! + (1 - BETA1) * slope);
      const second = (this.#second[i] = BETA2 * this.#second[i]! + (1 - BETA2) * slope * slope);
      const decayed = parameters[i]! * (1 - learningRate * this.weightDecay);
      parameters[i] = decayed - (learningRate * (first / correction1)) / (Math.sqrt(second / correction2) + EPSILON);
    }
  }
}
