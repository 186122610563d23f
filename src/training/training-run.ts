import { abortError } from '../core/abort.js';
import type { Learner } from './learner.js';
import { MetricsFile } from './metrics.js';
import { type BestValidation, type RunState, writeCheckpoint } from './run-checkpoint.js';
import type { RunFolder } from './run-folder.js';
import type { RunOptions, RunSettings } from './run-settings.js';
import type { Validation } from './validation.js';

/** Names of the encoders in the folder of a run. */
export const BEST_ENCODER = 'best';
export const LAST_ENCODER = 'last';

export interface RunParts {
  options: RunOptions;
  settings: RunSettings;
  validation: Validation | undefined;
  /** Total number of updates. */
  steps: number;
  folder: RunFolder;
  learner: Learner;
  /** State of the run, which the learner already has. */
  state: RunState;
}

/** What a training run did. */
export interface RunSummary {
  /** Folder of the encoder to use: the one with the best validation, or the last one if nothing was validated. */
  encoder: string;
  /** Number of updates done. */
  steps: number;
  /** True if training stopped before the planned number of steps, because validations did not improve. */
  stoppedEarly: boolean;
  /** The best validation; undefined without validation. */
  best: BestValidation | undefined;
  /** Loss of the last update in this process; undefined if the run was already complete. */
  loss: number | undefined;
  /** Tokens of all updates; 0 for an n-gram encoder, whose texts are read once, before the first update. */
  tokens: number;
  /** Seconds of all steps, in all processes of the run, without validations and checkpoints. */
  seconds: number;
}

/** The training loop: batch, update, and at intervals a validation and a checkpoint. */
export class TrainingRun {
  #loss: number | undefined;

  constructor(private readonly parts: RunParts) {}

  /** Performs the remaining steps of the run. */
  async finish(): Promise<RunSummary> {
    const { folder, state, steps, learner, validation } = this.parts;
    if (!state.finished) {
      const metrics = await MetricsFile.open(folder.dir, state.step > 0 ? state.step : undefined);
      try {
        await this.#loop(metrics);
      } finally {
        await metrics.close();
      }
      await learner.save(folder.path(LAST_ENCODER));
      await this.#checkpoint({ finished: true });
    }
    return {
      encoder: folder.path(validation ? BEST_ENCODER : LAST_ENCODER),
      steps: state.step,
      stoppedEarly: state.step < steps,
      best: state.best,
      loss: this.#loss,
      tokens: state.tokens,
      seconds: state.seconds,
    };
  }

  async #loop(metrics: MetricsFile): Promise<void> {
    const { state, steps, options, settings, validation } = this.parts;
    const { patience, validateEvery } = settings;
    const checkpointEvery = options.checkpointEvery ?? 100;
    if (validation && state.step === 0) await this.#validate(validation, metrics);
    while (state.step < steps && !(patience > 0 && state.stale >= patience)) {
      if (options.signal?.aborted) await this.#interrupt();
      await this.#step(metrics);
      const last = state.step === steps;
      if (validation && (state.step % validateEvery === 0 || last)) await this.#validate(validation, metrics);
      // The end of the run writes its own checkpoint.
      if (state.step % checkpointEvery === 0 && !last) await this.#checkpoint({});
    }
  }

  async #step(metrics: MetricsFile): Promise<void> {
    const { learner, state, options } = this.parts;
    const step = state.step + 1;
    const started = performance.now();
    const figures = await learner.step(step);
    const seconds = (performance.now() - started) / 1000;
    const { loss, learningRate, gradNorm, tokens } = figures;
    state.step = step;
    state.tokens += tokens ?? 0;
    state.seconds += seconds;
    this.#loss = loss;
    await metrics.append({ kind: 'step', step, ...figures, seconds });
    options.events?.onStep?.({ step, loss, gradNorm, learningRate, tokens });
  }

  async #validate(validation: Validation, metrics: MetricsFile): Promise<void> {
    const { state, learner, folder, options } = this.parts;
    const started = performance.now();
    const result = await validation.run((rows) => learner.embed(rows), learner.dim);
    const { balancedAccuracy } = result;
    const isBest = state.best === undefined || balancedAccuracy > state.best.balancedAccuracy;
    if (isBest) {
      // Saved before the state is updated: a process that dies in between validates this step again.
      await learner.save(folder.path(BEST_ENCODER));
      state.best = { step: state.step, balancedAccuracy };
    }
    state.stale = isBest ? 0 : state.stale + 1;
    await metrics.append({
      kind: 'validation',
      step: state.step,
      ...result,
      seconds: (performance.now() - started) / 1000,
    });
    options.events?.onValidation?.({ step: state.step, balancedAccuracy, best: isBest });
  }

  async #checkpoint(change: Partial<RunState>): Promise<void> {
    const { state, learner, folder } = this.parts;
    Object.assign(state, change, { batches: learner.position });
    await writeCheckpoint(folder.dir, learner, state);
  }

  /** Writes a checkpoint before it fails. This takes a second and keeps the steps since the last checkpoint. */
  async #interrupt(): Promise<never> {
    const { state, folder, options } = this.parts;
    if (state.step > 0) await this.#checkpoint({});
    throw abortError(options.signal, 'Training was interrupted', [
      { text: `run it again to resume after step ${state.step} in ${folder.dir}` },
    ]);
  }
}
