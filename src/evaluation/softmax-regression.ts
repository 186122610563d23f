import { allocateFloat32 } from '../core/allocate.js';
import type { SeededRandom } from '../core/random.js';
import { matmul } from '../native/matmul.js';

export interface LossAndGradients {
  /** Mean cross-entropy over the rows, in nats. */
  loss: number;
  /** [labels, dim] */
  weights: Float32Array;
  /** [labels] */
  bias: Float32Array;
}

/**
 * One linear layer with bias under a softmax cross-entropy: logits = x W^T + b, W [labels, dim], b [labels].
 * Products run natively in f32, the softmax in double precision.
 */
export class SoftmaxRegression {
  readonly weights: Float32Array;
  readonly bias: Float32Array;

  /** Initialises the weights like PyTorch's `Linear`: uniform in +-1 / sqrt(dim), seeded. */
  constructor(
    readonly dim: number,
    readonly labels: number,
    random: SeededRandom,
  ) {
    const bound = 1 / Math.sqrt(dim);
    const draw = (): number => (2 * random.next() - 1) * bound;
    this.weights = allocateFloat32(labels * dim, 'the weights of the probe').map(draw);
    this.bias = Float32Array.from({ length: labels }, draw);
  }

  /**
   * @param x [rows, dim], row-major
   * @returns [rows, labels]
   */
  async logits(x: Float32Array, rows: number): Promise<Float32Array> {
    const logits = await matmul(x, this.weights, rows, this.labels, this.dim, { transposeB: true });
    for (let i = 0; i < logits.length; i++) logits[i]! += this.bias[i % this.labels]!;
    return logits;
  }

  /**
   * Computes the loss L and its gradients. With P the softmax of the logits and Y the one-hot targets, dL/dlogits = (P
   * - Y) / rows, dL/dW = dlogits^T x, dL/db = column sums of dlogits.
   *
   * @param targets label index of every row
   */
  async lossAndGradients(x: Float32Array, targets: Int32Array): Promise<LossAndGradients> {
    const rows = targets.length;
    const gradient = await this.logits(x, rows);
    const bias = new Float64Array(this.labels);
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      loss += softmaxGradient(gradient.subarray(row * this.labels, (row + 1) * this.labels), targets[row]!, rows, bias);
    }
    const weights = await matmul(gradient, x, this.labels, this.dim, rows, { transposeA: true });
    return { loss: loss / rows, weights, bias: Float32Array.from(bias) };
  }
}

/** Turns one row of logits into its gradient in place, adds it to `bias`, and returns the row's cross-entropy. */
function softmaxGradient(logits: Float32Array, target: number, rows: number, bias: Float64Array): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const loss = Math.log(sum) + largest - logits[target]!;
  for (let j = 0; j < logits.length; j++) {
    logits[j] = (Math.exp(logits[j]! - largest) / sum - (j === target ? 1 : 0)) / rows;
    bias[j]! += logits[j]!;
  }
  return loss;
}
