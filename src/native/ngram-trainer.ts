import { allocateFloat32, allocateFloat64, allocateUint32 } from '../core/allocate.js';
import {
  expectFloat32Array,
  expectFloat64Array,
  expectInRange,
  expectInt32,
  expectInteger,
  expectMatrix,
  expectObject,
  expectOneOf,
  expectOptions,
  expectUint32Array,
  fail,
} from '../core/validate.js';
import type { NgramTrainerHandle } from './addon-types.js';
import { type CallOptions, callNative, expectCallOptions, resolveCallOptions } from './call.js';
import { INFONCE_MODES, usesLabels } from './infonce-modes.js';
import { addon } from './loader.js';
import type { NgramCorpus } from './ngram-corpus.js';
import type { NgramTable } from './ngram-table.js';
import type { NgramSteps, NgramTrainerState } from './ngram-types.js';

export interface NgramTrainerOptions {
  /** A feature gets a row if it occurs in at least this many texts of the corpus. @default 2 */
  minTexts?: number | undefined;
  /**
   * Largest number of rows. If more features qualify, those in most texts win, then those with the smallest ids.
   *
   * @default 2 ** 31 - 1
   */
  maxRows?: number | undefined;
  /** Width of a row. */
  dim: number;
  /** Seed of the first values of rows that `base` does not have. @default 1 */
  seed?: number | undefined;
  /** Gives the first values of the rows of its features. Must have the same `dim`. */
  base?: NgramTable | undefined;
  signal?: AbortSignal | undefined;
}

const INT32 = [-(2 ** 31), 2 ** 31 - 1] as const;

/** Trains a table of n-gram embeddings on pairs of texts. Results depend on the inputs alone, not on the threads. */
export class NgramTrainer {
  private constructor(
    readonly handle: NgramTrainerHandle,
    /** Number of rows. */
    readonly size: number,
    readonly dim: number,
    readonly texts: number,
  ) {}

  /**
   * Chooses the features that get a row, and gives the rows their first values. The corpus can be disposed, or used for
   * another trainer, afterwards.
   *
   * @throws EngineError `ERR_DATA` if no feature occurs in `minTexts` texts, `ERR_SHAPE_MISMATCH` if `base` has another
   *   `dim`, `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
   */
  static async create(corpus: NgramCorpus, options: NgramTrainerOptions): Promise<NgramTrainer> {
    const given = expectOptions(options, 'options', ['minTexts', 'maxRows', 'dim', 'seed', 'base', 'signal']);
    const settings = {
      minTexts: expectInteger(given.minTexts ?? 2, 'minTexts', 1),
      maxRows: expectInteger(given.maxRows ?? INT32[1], 'maxRows', 1, INT32[1]),
      dim: expectInteger(given.dim, 'dim', 1),
      seed: expectInteger(given.seed ?? 1, 'seed', 0),
    };
    const call = resolveCallOptions(given.signal, undefined);
    const { handle, rows, texts } = await callNative(callNative, call, (control) =>
      addon().ngramTrainerCreate(corpus.handle, settings, options.base?.handle, control),
    );
    return new NgramTrainer(handle, rows, settings.dim, texts);
  }

  /**
   * Runs training steps and returns their losses. Can be aborted between two steps; `onProgress` receives numbers of
   * steps. The steps before one that fails or is aborted stay applied.
   *
   * @throws EngineError `ERR_NON_FINITE` naming the step (its number counts from 0) if a loss is not finite,
   *   `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
   */
  async steps(steps: NgramSteps, options: CallOptions = {}): Promise<Float64Array> {
    const call = expectCallOptions(options);
    const given = expectObject(steps, 'steps');
    const learningRates = expectFloat64Array(given.learningRates, 'learningRates');
    learningRates.forEach((rate, i) => expectInRange(rate, `learningRates[${i}]`, 0, Number.MAX_VALUE));
    const pairs = expectInteger(given.pairs, 'pairs', 1, 2 ** 30 - 1);
    const length = learningRates.length * pairs;
    const queries = expectInt32(given.queries, 'queries', length, 0, this.texts - 1);
    const keys = expectInt32(given.keys, 'keys', length, 0, this.texts - 1);
    const mode = expectOneOf(given.mode, 'mode', INFONCE_MODES);
    if (usesLabels(mode) && given.labels === undefined)
      fail('ERR_ARG_TYPE', `an Int32Array, which mode ${mode} needs,`, 'labels', given.labels);
    const labels = given.labels === undefined ? undefined : expectInt32(given.labels, 'labels', length, ...INT32);
    const logitScale = expectInRange(given.logitScale, 'logitScale', Number.MIN_VALUE, Number.MAX_VALUE);
    const losses = allocateFloat64(learningRates.length, 'the losses');
    const native = { queries, keys, labels, pairs, learningRates, logitScale, mode, losses };
    await callNative(callNative, call, (control) => addon().ngramTrainerSteps(this.handle, native, control));
    return losses;
  }

  /** Copies the state. {@link restore} continues from it to the same bytes. */
  async state(): Promise<NgramTrainerState> {
    const state = {
      keys: allocateUint32(this.size, 'the keys of the table'),
      rows: allocateFloat32(this.size * this.dim, 'the table'),
      moments: allocateFloat32(this.size, 'the moments of the table'),
    };
    await callNative(callNative, {}, () => addon().ngramTrainerRead(this.handle, state));
    return state;
  }

  /**
   * Replaces the state by one that a trainer of the same corpus and settings returned.
   *
   * @throws EngineError `ERR_DATA` if the keys differ, `ERR_ARG_TYPE`, `ERR_SHAPE_MISMATCH`, `ERR_DISPOSED`
   */
  async restore(state: NgramTrainerState): Promise<void> {
    const keys = expectUint32Array(state.keys, 'keys');
    const moments = expectFloat32Array(state.moments, 'moments');
    if (keys.length !== this.size) fail('ERR_SHAPE_MISMATCH', `${this.size} entries`, 'keys', keys);
    if (moments.length !== this.size) fail('ERR_SHAPE_MISMATCH', `${this.size} entries`, 'moments', moments);
    const rows = expectMatrix(state.rows, 'rows', this.size, this.dim);
    await callNative(callNative, {}, () => addon().ngramTrainerWrite(this.handle, { keys, rows, moments }));
  }

  /** Copies the table. Its keys are ascending. */
  async table(): Promise<{ dim: number; keys: Uint32Array; rows: Float32Array }> {
    const { keys, rows } = await this.state();
    return { dim: this.dim, keys, rows };
  }

  /** Frees the memory once the calls in flight have finished. Idempotent. */
  dispose(): void {
    addon().ngramTrainerDispose(this.handle);
  }
}
