import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';

import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import { forkModule } from '../../core/start-module.js';
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
const VERSION = 3;
/** The sample of a fold has at least 32 answers of each. With fewer, the classifiers would know little of them. */
const MOST_VALUE_IDS = 250;
/** Entries of the table, 4 bytes each: a million answers of 50 value ids. */
const MOST_ENTRIES = 50_000_000;

/**
 * The probability of every value id for every answer, from classifiers that saw neither the answer nor others to its
 * question. They are read from disk, or computed after the start, in a process of their own with low priority: the jobs
 * of a thread would make those of the server wait.
 */
export class FoldProbabilities {
  #state: ProbabilitiesState;
  #probabilities: Float32Array | undefined;
  #child: ChildProcess | undefined;
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
    if (count > MOST_VALUE_IDS || rows * count > MOST_ENTRIES) return unavailable(tooMany(rows, count));
    const made = { version: VERSION, records: dataset.recordsChecksum, fit: fit.manifest.settings };
    const file = await folder.read(FILE);
    const saved = file && JSON.stringify(file.made) === JSON.stringify(made) ? file.arrays['probabilities'] : undefined;
    const probabilities = new FoldProbabilities(valueIds, building('folds', 0, FOLDS));
    if (saved instanceof Float32Array && saved.length === rows * count) probabilities.#finish(saved);
    else
      probabilities.#compute(taskOf(dataset.dir, fit.manifest), rows, (array) =>
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
    this.#child?.kill('SIGKILL');
    await this.#settled;
  }

  #finish(probabilities: Float32Array): void {
    this.#probabilities = probabilities;
    this.#state = { state: 'ready' };
  }

  #compute(task: ProbabilitiesTask, rows: number, save: (array: Float32Array) => Promise<void>): void {
    const { names } = this.valueIds;
    const computed = allocateFloat32(rows * names.length, 'the probabilities');
    const child = forkModule('explore/probabilities/probabilities-child', {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#settled = new Promise((resolve) => {
      const fail = (message: string): void => {
        if (this.#state.state === 'building') this.#state = { state: 'unavailable', message };
        resolve();
      };
      child.on('message', (reply: ProbabilitiesReply) => {
        if (reply.kind === 'progress') this.#state = building('folds', reply.folds, FOLDS);
        else if (reply.kind === 'failed') fail(reply.message);
        else if (reply.kind === 'answers') {
          computed.set(reply.probabilities, reply.first * names.length);
          const done = reply.first + reply.probabilities.length / names.length;
          this.#state = building('answers', done, rows);
        } else {
          this.#finish(computed);
          save(computed).then(resolve, (error: unknown) => fail(String(error)));
        }
      });
      child.once('error', (error) => fail(error.message));
      child.once('close', () => {
        if (this.#state.state !== 'ready') fail('Their process has ended');
      });
    });
    lowerPriority(child);
    child.send(task, () => undefined); // if this fails, the process has ended
  }
}

function building(step: 'folds' | 'answers', done: number, total: number): ProbabilitiesState {
  return { state: 'building', step, done, total };
}

function tooMany(rows: number, count: number): string {
  if (count > MOST_VALUE_IDS)
    return `The dataset has ${count} value ids, and at most ${MOST_VALUE_IDS} have enough answers in a sample`;
  const most = Math.floor(MOST_ENTRIES / count);
  return `With ${count} value ids, a dataset can have at most ${most} answers, and this one has ${rows}`;
}

/** What people do in the page comes first. It is a wish: some systems refuse it. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // The process then competes with the server.
  }
}

/** Fits of the folds are like the fit of the dataset, but start from the default encoder if that had any base. */
function taskOf(dir: string, { settings, base }: FitManifest): ProbabilitiesTask {
  const { dim, pairs, maxNgrams, seed, steps, maxAnswers } = settings as unknown as ResolvedFitSettings;
  const fit = { dim, pairs, maxNgrams, seed, ...(base === null && { base }) };
  return { dir, fit: foldSettings(fit, steps), maxAnswers, seed };
}

function describe(state: ProbabilitiesState): string {
  if (state.state === 'building') return `${state.done} of ${state.total} ${state.step} are complete`;
  return state.state === 'unavailable' ? state.message : state.state;
}
