import { EncoderModel, type LossSettings } from '../../src/native/encoder-model.js';
import { ACTIVATIONS, type EncoderSpec, POSITIONS, type UpdateSettings } from '../../src/native/encoder-types.js';
import { INFONCE_MODES } from '../../src/native/infonce-modes.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import { POOLING_MODES } from '../../src/native/pooling.js';
import { PRECISIONS } from '../../src/native/precisions.js';
import { type Activity, check, checkEqual, checkFinite, settled } from './activity.js';
import type { Draw } from './draw.js';

/** Trains a small transformer of a random architecture, and encodes with it. */
export const training: Activity = async (draw) => {
  const model = new EncoderModel(drawSpec(draw), draw.pick(PRECISIONS));
  for (const { name, rows, cols } of model.parameters.values())
    model.write('parameters', name, 0, draw.floats(rows * cols, name.includes('norm') ? 1 : 0.2));
  for (let round = draw.int(1, 6), step = 1; round > 0; round--) {
    if (model.precision !== 'int8' && draw.chance(0.7)) step += await train(draw, model, step);
    else await encode(draw, model);
  }
  // Without a disposal, the model is garbage, perhaps while its last call runs.
  const last = model.encode(drawTokens(draw, model.spec, 3), { signal: draw.signal() });
  if (draw.chance(0.7)) await model.dispose();
  await settled(last);
};

function drawSpec(draw: Draw): EncoderSpec {
  const positions = draw.pick(POSITIONS);
  const heads = draw.int(1, 4);
  const hidden = heads * (positions === 'rotary' ? 2 * draw.int(1, 20) : draw.int(1, 40));
  return {
    layers: draw.int(0, 3),
    hidden,
    heads,
    inner: draw.int(1, 3 * hidden),
    vocabulary: draw.int(2, 200),
    types: draw.int(0, 2),
    maxPositions: draw.pick([1, 7, 64, 300]),
    positions,
    ropeBase: positions === 'rotary' ? 10_000 : 0,
    embeddingNorm: draw.chance(0.5),
    activation: draw.pick(ACTIVATIONS),
    biases: draw.chance(0.5),
    epsilon: 1e-12,
    pooling: draw.pick(POOLING_MODES),
    normalize: draw.chance(0.8),
    paddingId: 0,
  };
}

function drawTokens(draw: Draw, spec: EncoderSpec, texts: number): PackedTokens {
  const offsets = draw.offsets(texts, 1, draw.pick([1, Math.ceil(spec.maxPositions / 8), spec.maxPositions]));
  return { ids: draw.ints(offsets[texts]!, spec.vocabulary - 1), offsets };
}

/** Runs a step, or computes the gradients only. Returns the number of steps. */
async function train(draw: Draw, model: EncoderModel, step: number): Promise<number> {
  const pairs = draw.pick([1, 2, 3, 5, 9, 17]);
  const [query, key] = [drawTokens(draw, model.spec, pairs), drawTokens(draw, model.spec, pairs)];
  const loss: LossSettings = {
    labels: draw.ints(pairs, 2),
    mode: draw.pick(INFONCE_MODES),
    logitScale: 20,
    memoryBudget: draw.pick([0, 30_000, 300_000, 2 ** 30]),
    firstTrainedLayer: draw.int(0, model.spec.layers),
  };
  if (loss.firstTrainedLayer > 0 && draw.chance(0.5))
    loss.lowerStates = draw.floats((query.ids.length + key.ids.length) * model.spec.hidden);
  const options = { signal: draw.signal() };
  if (draw.chance(0.3)) {
    const result = await settled(model.backward(query, key, loss, options));
    if (result) check(Number.isFinite(result.loss), `loss ${result.loss}`);
    return 0;
  }
  const update: UpdateSettings = {
    step,
    learningRate: 1e-3,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradNorm: draw.pick([0, 1]),
  };
  const running = settled(model.step(query, key, loss, update, options));
  if (draw.chance(0.3)) void settled(model.encode(query)); // queues behind the step
  const result = await running;
  if (!result) return 0;
  check(Number.isFinite(result.loss) && Number.isFinite(result.gradNorm), `loss ${result.loss}`);
  if (draw.chance(0.3)) readBlocks(draw, model);
  return 1;
}

function readBlocks(draw: Draw, model: EncoderModel): void {
  for (const block of ['parameters', 'gradients', 'firstMoments', 'secondMoments'] as const) {
    const { name, rows, cols } = draw.pick([...model.parameters.values()]);
    const values = new Float32Array(rows * cols);
    model.read(block, name, 0, values);
    checkFinite(values, `${block} of ${name}`);
  }
}

async function encode(draw: Draw, model: EncoderModel): Promise<void> {
  const batch = drawTokens(draw, model.spec, draw.pick([0, 1, 2, 7, 40]));
  const hidden = draw.chance(0.5) ? new Float32Array(batch.ids.length * model.spec.hidden) : undefined;
  const options = { layers: draw.int(0, model.spec.layers), ...(hidden && { hidden }) };
  const first = await settled(model.encode(batch, { ...options, signal: draw.signal() }));
  const second = await model.encode(batch, options);
  checkFinite(second, 'embedding');
  if (first) checkEqual(first, second, 'embedding of the same texts');
}
