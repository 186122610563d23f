/** Options and settings that training has for every architecture. */
import {
  expectArray,
  expectCallbacks,
  expectInRange,
  expectInteger,
  expectObject,
  expectPath,
  expectSignal,
  fail,
} from '../core/validate.js';
import type { RejectedRow } from '../records/formats/raw-row.js';
import type { ReadOptions } from '../records/read-options.js';

/** Architectures that `train` trains. */
export const TRAINED_ARCHITECTURES = ['transformer', 'ngram'] as const;
export type TrainedArchitecture = (typeof TRAINED_ARCHITECTURES)[number];

/** Options that training has for every architecture. */
export interface RunOptions {
  /** Files of records, or folders of them. Each file is a source. */
  data: readonly string[];
  /** Folder of the run. An interrupted run in it is resumed. */
  out: string;
  /** Options for reading the records. */
  read?: Omit<ReadOptions, 'signal' | 'batchSize'> | undefined;
  /** Seed of all random choices: the validation split, and the pairs of every step. @default 42 */
  seed?: number | undefined;
  /** Excludes value ids with fewer answers. @default 1 */
  minPerId?: number | undefined;
  /**
   * Steps between two validations; the first one is before the first step. 0 disables validation, so that no answers
   * are held out.
   *
   * @default 100
   */
  validateEvery?: number | undefined;
  /** Share of the questions held out for validation, above 0 and below 1. @default 0.1 */
  validationShare?: number | undefined;
  /** Maximum number of held-out answers per validation, spread evenly over the sources. @default 1024 */
  validationRows?: number | undefined;
  /** Stops the training after this many validations without a new best; 0 means never. @default 0 */
  patience?: number | undefined;
  /** Steps between two checkpoints: the most that a killed run can lose. @default 100 */
  checkpointEvery?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Callbacks for progress. */
  events?: TrainEvents | undefined;
}

/** Callbacks during a run. */
export interface TrainEvents {
  /**
   * Receives the number of records read so far. To train an n-gram encoder, all records are read twice, and counted
   * twice.
   */
  onRead?: (rows: number) => void;
  /** Receives the rows, and the files of folders, that `read.skipBad` skips. */
  onSkip?: (rows: readonly RejectedRow[]) => void;
  /** Called when training starts, or resumes after `done` of `steps` updates. */
  onStart?: (start: {
    done: number;
    steps: number;
    rows: number;
    validationRows: number;
    valueIds: number;
    /** Value ids with fewer than lambda answers; 0 for n-gram encoders. */
    cappedIds: number;
  }) => void;
  /** `gradNorm` and `tokens` are undefined for n-gram encoders. */
  onStep?: (step: {
    step: number;
    loss: number;
    gradNorm: number | undefined;
    learningRate: number;
    tokens: number | undefined;
  }) => void;
  onValidation?: (validation: { step: number; balancedAccuracy: number; best: boolean }) => void;
}

/** Settings of every architecture that affect the resulting weights. */
export interface RunSettings {
  seed: number;
  minPerId: number;
  validateEvery: number;
  validationShare: number;
  validationRows: number;
  patience: number;
}

const RUN_OPTIONS = [
  'data',
  'out',
  'read',
  'seed',
  'minPerId',
  'validateEvery',
  'validationShare',
  'validationRows',
  'patience',
  'checkpointEvery',
  'signal',
  'events',
] as const satisfies readonly (keyof RunOptions)[];

const EVENTS = [
  'onRead',
  'onSkip',
  'onStart',
  'onStep',
  'onValidation',
] as const satisfies readonly (keyof TrainEvents)[];

/**
 * Rejects options that an architecture does not have.
 *
 * @param own names of the options that only this architecture has
 * @throws EngineError `ERR_ARG_TYPE` naming the option
 */
export function expectTrainOptions(options: unknown, architecture: TrainedArchitecture, own: readonly string[]): void {
  const known = ['architecture', ...own, ...RUN_OPTIONS];
  const unknown = Object.keys(expectObject(options, 'options')).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const keys = `only options of the architecture ${architecture} (${known.slice(1).join(', ')})`;
  fail('ERR_ARG_TYPE', keys, 'options', unknown);
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option */
export function resolveRunSettings(options: RunOptions): RunSettings {
  expectPath(options.out, 'out');
  expectSignal(options.signal, 'signal');
  if (expectArray(options.data, 'data', expectPath).length === 0)
    fail('ERR_ARG_RANGE', 'at least one file', 'data', options.data);
  expectCallbacks(options.events, 'events', EVENTS);
  expectInteger(options.checkpointEvery ?? 100, 'checkpointEvery', 1);
  const validationShare = expectInRange(options.validationShare ?? 0.1, 'validationShare', 0, 1);
  if (validationShare % 1 === 0)
    fail('ERR_ARG_RANGE', 'a share above 0 and below 1', 'validationShare', validationShare);
  return {
    seed: expectInteger(options.seed ?? 42, 'seed', 0),
    minPerId: expectInteger(options.minPerId ?? 1, 'minPerId', 1),
    validateEvery: expectInteger(options.validateEvery ?? 100, 'validateEvery', 0),
    validationShare,
    validationRows: expectInteger(options.validationRows ?? 1024, 'validationRows', 4),
    patience: expectInteger(options.patience ?? 0, 'patience', 0),
  };
}
