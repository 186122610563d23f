import type { Worker } from 'node:worker_threads';

import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import { startWorker } from '../../core/start-module.js';
import type { Dataset } from '../../datasets/dataset.js';
import { openFit } from '../../datasets/fits/dataset-fit.js';
import type { FitManifest } from '../../datasets/fits/fit-manifest.js';
import { foldSettings } from '../../identification/classifier/calibrate-on-folds.js';
import { FOLDS } from '../../identification/classifier/held-out-scores.js';
import type { ResolvedFitSettings } from '../../identification/fit/fit-settings.js';
import type { ProbabilitiesState } from '../api-types.js';
import type { DerivedFolder } from '../derived/derived-folder.js';
import type { ProbabilitiesReply, ProbabilitiesTask } from './protocol.js';

const FILE = 'probabilities.bin';
/** Changes when probabilities are computed in another way. */
const VERSION = 2;
/** Larger datasets take longer than about a minute with two cores. */
const MOST_ANSWERS = 30_000;
const MOST_VALUE_IDS = 50;

/**
 * The probability of every value id for every answer, from classifiers that saw neither the answer nor others to its
 * question. They are read from disk, or computed in a thread of their own after the start.
 */
export class FoldProbabilities {
  #state: ProbabilitiesState;
  #probabilities: Float32Array | undefined;
  #worker: Worker | undefined;
  #settled: Promise<void> = Promise.resolve();

  private constructor(
    private readonly valueIds: RowLabels,
    state: ProbabilitiesState,
  ) {
    this.#state = state;
  }

  /** Reads the probabilities of a dataset, or starts to compute them if it has a fit with a classifier. */
  static async start(dataset: Dataset, valueIds: RowLabels, folder: DerivedFolder): Promise<FoldProbabilities> {
    const unavailable = (message: string): FoldProbabilities =>
      new FoldProbabilities(valueIds, { state: 'unavailable', message });
    const fit = await openFit(dataset);
    if (fit === undefined) return unavailable('They need a fit of the dataset: run "univar fit"');
    if (fit === 'stale') return unavailable('The fit is older than the dataset: run "univar fit" again');
    if (!fit.manifest.classifier)
      return unavailable('The fit has no classifier: run "univar fit" without --no-classifier');
    const { rows } = dataset;
    const count = valueIds.names.length;
    if (rows > MOST_ANSWERS || count > MOST_VALUE_IDS)
      return unavailable(
        `They would take longer than about a minute: the dataset has ${rows} answers and ${count} value ids; ` +
          `at most ${MOST_ANSWERS} and ${MOST_VALUE_IDS} are possible`,
      );
    const made = { version: VERSION, records: dataset.recordsChecksum, fit: fit.manifest.settings };
    const file = await folder.read(FILE);
    const saved = file && JSON.stringify(file.made) === JSON.stringify(made) ? file.arrays['probabilities'] : undefined;
    const probabilities = new FoldProbabilities(valueIds, { state: 'building', done: 0, total: FOLDS });
    if (saved instanceof Float32Array && saved.length === rows * count) probabilities.#finish(saved);
    else
      probabilities.#compute(taskOf(dataset.dir, fit.manifest), (array) =>
        folder.write(FILE, { made, data: null, arrays: { probabilities: array } }),
      );
    return probabilities;
  }

  get state(): ProbabilitiesState {
    return this.#state;
  }

  /** Settles when they are ready, or are known to be unavailable. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /**
   * Returns the probability of one value id for every answer, NaN where there is none.
   *
   * @param valueId undefined for that of each answer
   * @throws EngineError `ERR_BUSY` while they are not there, `ERR_ARG_RANGE` for an unknown value id
   */
  of(valueId: string | undefined): Float32Array<ArrayBuffer> {
    const { names, labels } = this.valueIds;
    const column = valueId === undefined ? undefined : names.indexOf(valueId);
    if (column === -1) throw new EngineError('ERR_ARG_RANGE', `No answer has the value id ${JSON.stringify(valueId)}`);
    const all = this.#probabilities;
    if (!all) throw new EngineError('ERR_BUSY', `There are no probabilities: ${describe(this.#state)}`);
    return Float32Array.from(labels, (label, row) => all[row * names.length + (column ?? label)]!);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #finish(probabilities: Float32Array): void {
    this.#probabilities = probabilities;
    this.#state = { state: 'ready' };
  }

  #compute(task: ProbabilitiesTask, save: (array: Float32Array) => Promise<void>): void {
    const worker = startWorker('explore/probabilities/probabilities-worker', { workerData: task });
    this.#worker = worker;
    this.#settled = new Promise((resolve) => {
      const fail = (message: string): void => {
        if (this.#state.state === 'building') this.#state = { state: 'unavailable', message };
        resolve();
      };
      worker.on('message', (reply: ProbabilitiesReply) => {
        if (reply.kind === 'progress') this.#state = { state: 'building', done: reply.folds, total: FOLDS };
        else if (reply.kind === 'failed') fail(reply.message);
        else {
          this.#finish(reply.probabilities);
          save(reply.probabilities).then(resolve, (error: unknown) => fail(String(error)));
        }
      });
      worker.once('error', (error) => fail(error.message));
      worker.once('exit', () => fail('Their thread has ended'));
    });
  }
}

/** Fits of the folds are like the fit of the dataset, but start from the default encoder if that had any base. */
function taskOf(dir: string, { settings, base }: FitManifest): ProbabilitiesTask {
  const { dim, pairs, maxNgrams, seed, steps, maxAnswers } = settings as unknown as ResolvedFitSettings;
  const fit = { dim, pairs, maxNgrams, seed, ...(base === null && { base }) };
  return { dir, fit: foldSettings(fit, steps), maxAnswers, seed };
}

function describe(state: ProbabilitiesState): string {
  if (state.state === 'building') return `${state.done} of ${state.total} folds are complete`;
  return state.state === 'unavailable' ? state.message : state.state;
}
