import { abortError } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { BatchSource, DrawnBatch } from './batch-source.js';
import type { FrozenStates } from './frozen-states.js';
import { MetricsFile } from './metrics.js';
import { type BestValidation, type RunState, writeCheckpoint } from './run-checkpoint.js';
import type { RunFolder } from './run-folder.js';
import type { TrainOptions, TrainSettings } from './settings.js';
import type { Trainer } from './trainer.js';
import type { TrainingSet } from './training-set.js';
import type { Validation } from './validation.js';

/** Names of the encoders in the folder of a run. */
export const BEST_ENCODER = 'best';
export const LAST_ENCODER = 'last';

export interface RunParts {
  options: TrainOptions;
  settings: TrainSettings;
  set: TrainingSet;
  validation: Validation | undefined;
  batches: BatchSource;
  /** Total number of updates. */
  steps: number;
  folder: RunFolder;
  trainer: Trainer;
  /** Cache of frozen states; undefined unless layers are frozen and views are single answers. */
  frozen: FrozenStates | undefined;
  /** State of the run, which trainer and batches already have. */
  state: RunState;
}

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
  /** Total tokens and seconds of all updates, in all processes of the run, without validations and checkpoints. */
  tokens: number;
  seconds: number;
}

/** The training loop: batch, update, and at intervals a validation and a checkpoint. */
export class TrainingRun {
  #loss: number | undefined;

  constructor(private readonly parts: RunParts) {}

  /** Performs the remaining steps of the run. */
  async finish(): Promise<RunSummary> {
    const { folder, state, steps, trainer, validation } = this.parts;
    if (!state.finished) {
      const metrics = await MetricsFile.open(folder.dir, state.step > 0 ? state.step : undefined);
      try {
        await this.#loop(metrics);
      } finally {
        await metrics.close();
      }
      await trainer.save(folder.path(LAST_ENCODER));
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
    const { batches, trainer, state, options, frozen } = this.parts;
    const step = state.step + 1;
    const batch = batches.next(step);
    const started = performance.now();
    const lowerStates = await frozen?.of(batch.pairs);
    const { loss, gradNorm, learningRate } = await trainer
      .step({ ...batch, ...(lowerStates && { lowerStates }) })
      .catch((error: unknown) => {
        throw this.#named(error, batch, step);
      });
    const seconds = (performance.now() - started) / 1000;
    const { epoch } = batches.position;
    const { tokens, pairs } = batch;
    state.step = step;
    state.tokens += tokens;
    state.seconds += seconds;
    this.#loss = loss;
    await metrics.append({
      kind: 'step',
      step,
      epoch,
      loss,
      gradNorm,
      learningRate,
      pairs: pairs.length,
      tokens,
      seconds,
    });
    options.events?.onStep?.({ step, loss, gradNorm, learningRate, tokens });
  }

  async #validate(validation: Validation, metrics: MetricsFile): Promise<void> {
    const { state, trainer, folder, options } = this.parts;
    const started = performance.now();
    const result = await validation.run((texts) => trainer.encode(texts), trainer.dim);
    const { balancedAccuracy } = result;
    const isBest = state.best === undefined || balancedAccuracy > state.best.balancedAccuracy;
    if (isBest) {
      // Saved before the state is updated: a process that dies in between validates this step again.
      await trainer.save(folder.path(BEST_ENCODER));
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
    const { state, batches, trainer, folder } = this.parts;
    Object.assign(state, change, { batches: batches.position });
    await writeCheckpoint(folder.dir, trainer, state);
  }

  /** Writes a checkpoint before it fails. This takes a second and keeps the steps since the last checkpoint. */
  async #interrupt(): Promise<never> {
    const { state, folder, options } = this.parts;
    if (state.step > 0) await this.#checkpoint({});
    throw abortError(options.signal, 'Training was interrupted', [
      { text: `run it again to resume after step ${state.step} in ${folder.dir}` },
    ]);
  }

  /** Adds the step and the answers of the batch to the message of a loss that is not finite. */
  #named(error: unknown, { pairs }: DrawnBatch, step: number): unknown {
    if (!(error instanceof EngineError && error.code === 'ERR_NON_FINITE')) return error;
    const { set, batches } = this.parts;
    const name = (row: number): string => `${set.names[set.labels[row]!]!} on ${set.qids[row]!}`;
    const { epoch, taken } = batches.position;
    const first = pairs
      .slice(0, 3)
      .map(({ query, key }) => `${query.map(name).join(', ')} with ${key.map(name).join(', ')}`);
    return new EngineError(
      'ERR_NON_FINITE',
      `${error.message} (step ${step}, batch ${taken} of epoch ${epoch + 1}, ${pairs.length} pairs; ` +
        `the first: ${first.join('; ')}). No weights were changed; try a smaller learningRate`,
      { cause: error },
    );
  }
}
