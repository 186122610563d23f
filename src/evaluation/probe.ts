import { throwIfAborted } from '../core/abort.js';
import { argMax } from '../core/arg-max.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { expectCallback, expectInRange, expectInteger, expectOptions } from '../core/validate.js';
import { gatherRows } from '../search/gather-rows.js';
import { AdamW } from './adamw.js';
import { type ClassificationResult, summarise } from './classification.js';
import {
  EVALUATION_OPTIONS,
  type EvaluationOptions,
  expectLabelledEmbeddings,
  type LabelledEmbeddings,
  type PreparedRows,
  prepareRows,
} from './prepare.js';
import { SoftmaxRegression } from './softmax-regression.js';

/** Options of `evaluateProbe`. */
export interface ProbeOptions extends EvaluationOptions {
  /** Passes over the training rows. @default 20 */
  epochs?: number;
  /** Rows per step; the last step of an epoch takes the rest. @default 512 */
  batchSize?: number;
  /** Learning rate of the first epoch; epoch e of n runs at learningRate * (1 - e / n). @default 0.002 */
  learningRate?: number;
  /** Decoupled weight decay. 0.01 is AdamW as in the paper, 0 is Adam as in its code. @default 0.01 */
  weightDecay?: number;
  /** Called after each epoch. */
  onEpoch?: (epoch: ProbeEpoch) => void;
}

/** Share of tested rows whose label is among the k highest logits. Ties go to the smaller label. 1 if k >= labels. */
export type AccuracyAt = Record<1 | 3 | 5 | 10, number>;

/** Loss and accuracy after one pass over the training rows. */
export interface ProbeEpoch {
  /** From 1. */
  epoch: number;
  learningRate: number;
  /** Mean training loss of the epoch's steps, weighted by their rows, in nats. */
  loss: number;
  accuracyAt: AccuracyAt;
}

/** How well a linear probe identifies value ids. */
export interface ProbeResult extends ClassificationResult {
  /** After the last epoch. */
  accuracyAt: AccuracyAt;
  epochs: ProbeEpoch[];
  batchSize: number;
  weightDecay: number;
}

/**
 * Linear probe on frozen embeddings: one linear layer with bias, softmax cross-entropy, AdamW, seeded shuffle
 * (reference, section 7.1). The figures are from the end of the last epoch.
 *
 * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (as in `evaluateKnn`), `ERR_ABORTED`, and
 *   `ERR_NON_FINITE` also if the loss diverges
 */
export async function evaluateProbe(data: LabelledEmbeddings, options: ProbeOptions = {}): Promise<ProbeResult> {
  const training = resolveProbeOptions(options);
  expectLabelledEmbeddings(data);
  const prepared = prepareRows(data, training);
  const { epochs, logits } = await train(data, prepared, training);
  const labels = prepared.names.length;
  const predicted = prepared.test.map((_, row) => argMax(logits.subarray(row * labels, (row + 1) * labels)));
  return {
    ...summarise(prepared, predicted),
    accuracyAt: epochs.at(-1)!.accuracyAt,
    epochs,
    batchSize: training.batchSize,
    weightDecay: training.weightDecay,
  };
}

function resolveProbeOptions(options: ProbeOptions) {
  const keys = [...EVALUATION_OPTIONS, 'epochs', 'batchSize', 'learningRate', 'weightDecay', 'onEpoch'] as const;
  const given = expectOptions(options, 'options', keys) as ProbeOptions;
  expectCallback(given.onEpoch, 'onEpoch');
  const { epochs = 20, batchSize = 512, learningRate = 2e-3, weightDecay = 0.01 } = given;
  return {
    ...given,
    epochs: expectInteger(epochs, 'epochs', 1),
    batchSize: expectInteger(batchSize, 'batchSize', 1),
    learningRate: expectInRange(learningRate, 'learningRate', 0, Infinity),
    weightDecay: expectInRange(weightDecay, 'weightDecay', 0, 1),
  };
}

/** Trains the layer. Returns the training history and the final logits of the tested rows. */
async function train(
  { embeddings, dim }: LabelledEmbeddings,
  { names, train, test, trainLabels, testLabels, seed }: PreparedRows,
  { epochs, batchSize, learningRate, weightDecay, signal, onEpoch }: ReturnType<typeof resolveProbeOptions>,
): Promise<{ epochs: ProbeEpoch[]; logits: Float32Array }> {
  const random = new SeededRandom(seed);
  const model = new SoftmaxRegression(dim, names.length, random);
  const optimisers = { weights: new AdamW(model.weights, weightDecay), bias: new AdamW(model.bias, weightDecay) };
  const testRows = gatherRows(embeddings, dim, test);
  const course: ProbeEpoch[] = [];
  let logits: Float32Array = new Float32Array();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = learningRate * (1 - epoch / epochs);
    const order = random.shuffle(Int32Array.from(train.keys()));
    let lossSum = 0;
    for (let begin = 0; begin < order.length; begin += batchSize) {
      throwIfAborted(signal, 'The probe was aborted');
      const batch = order.subarray(begin, begin + batchSize);
      const x = gatherRows(
        embeddings,
        dim,
        batch.map((i) => train[i]!),
      );
      const { loss, weights, bias } = await model.lossAndGradients(
        x,
        batch.map((i) => trainLabels[i]!),
      );
      if (!Number.isFinite(loss)) throw diverged(`The loss of the probe is ${loss}`, epoch, learningRate);
      optimisers.weights.step(weights, rate);
      optimisers.bias.step(bias, rate);
      lossSum += loss * batch.length;
    }
    logits = await model.logits(testRows, test.length);
    if (!logits.every(Number.isFinite)) throw diverged('The logits of the probe are not finite', epoch, learningRate);
    course.push({
      epoch: epoch + 1,
      learningRate: rate,
      loss: lossSum / order.length,
      accuracyAt: accuracyAt(logits, testLabels, names.length),
    });
    onEpoch?.(course.at(-1)!);
  }
  return { epochs: course, logits };
}

function diverged(what: string, epoch: number, learningRate: number): EngineError {
  return new EngineError(
    'ERR_NON_FINITE',
    `${what} in epoch ${epoch + 1}; try a smaller learningRate than ${learningRate}`,
  );
}

/** @param logits [rows, labels] */
export function accuracyAt(logits: Float32Array, targets: Int32Array, labels: number): AccuracyAt {
  const hits: AccuracyAt = { 1: 0, 3: 0, 5: 0, 10: 0 };
  targets.forEach((target, row) => {
    const own = logits[row * labels + target]!;
    let rank = 0;
    for (let j = 0; j < labels; j++) {
      const logit = logits[row * labels + j]!;
      if (logit > own || (logit === own && j < target)) rank += 1;
    }
    for (const k of [1, 3, 5, 10] as const) if (rank < k) hits[k] += 1;
  });
  for (const k of [1, 3, 5, 10] as const) hits[k] /= targets.length;
  return hits;
}
