import { expectObject, expectOneOf } from '../core/validate.js';
import type { NgramTrainOptions } from './ngrams/ngram-settings.js';
import { planNgramRun } from './ngrams/plan-ngram-run.js';
import { planTransformerRun } from './plan-transformer-run.js';
import { type RunState, restoreCheckpoint } from './run-checkpoint.js';
import { RunFolder } from './run-folder.js';
import { TRAINED_ARCHITECTURES } from './run-settings.js';
import type { TrainOptions } from './settings.js';
import type { TrainingPlan } from './training-plan.js';
import { type RunSummary, TrainingRun } from './training-run.js';

/** What `train` did. */
export interface TrainSummary extends RunSummary {
  /** Numbers of training rows, of rows held out for validation, and of value ids. */
  rows: number;
  validationRows: number;
  valueIds: number;
}

/**
 * Trains an encoder with InfoNCE on pairs of answers of the same value id, validates it by identifying held-out
 * answers, and writes encoders, checkpoints and metrics to a folder. The architecture is a transformer, which starts
 * from the weights of a folder, or an n-gram encoder, which starts from random numbers.
 *
 * If a run is interrupted, even by SIGKILL or a full disk, the same call resumes it after its last checkpoint. On the
 * same machine, it ends with the same weights, bit for bit.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_DATA` (data, encoder, a folder with a different run),
 *   `ERR_BUSY`, `ERR_NON_FINITE` naming step and batch, `ERR_IO`, `ERR_ABORTED` after a checkpoint, `ERR_OUT_OF_MEMORY`
 */
export async function train(options: TrainOptions | NgramTrainOptions): Promise<TrainSummary> {
  expectOneOf(expectObject(options, 'options')['architecture'] ?? 'transformer', 'architecture', TRAINED_ARCHITECTURES);
  return run(await (options.architecture === 'ngram' ? planNgramRun(options) : planTransformerRun(options)));
}

async function run(plan: TrainingPlan): Promise<TrainSummary> {
  const { options, settings, steps, heldOut, valueIds, cappedIds } = plan;
  const { validation, validationRows } = heldOut;
  const folder = await RunFolder.open(options.out, plan.description);
  try {
    const learner = await plan.createLearner();
    try {
      const state = (await restoreCheckpoint(folder.dir, learner)) ?? firstState();
      const figures = { rows: heldOut.train.length, validationRows, valueIds };
      options.events?.onStart?.({ done: state.step, steps, cappedIds, ...figures });
      const training = new TrainingRun({ options, settings, validation, steps, folder, learner, state });
      return { ...(await training.finish()), ...figures };
    } finally {
      await learner.dispose();
    }
  } finally {
    await folder.close();
  }
}

function firstState(): RunState {
  return { step: 0, batches: undefined, best: undefined, stale: 0, finished: false, tokens: 0, seconds: 0 };
}
