import type { Learner } from './learner.js';
import type { RunDescription } from './run-folder.js';
import type { RunOptions, RunSettings } from './run-settings.js';
import type { HeldOut } from './validation.js';

/** A run whose options were checked and whose data was read, before anything is written. */
export interface TrainingPlan {
  options: RunOptions;
  settings: RunSettings;
  description: RunDescription;
  /** Total number of updates. */
  steps: number;
  heldOut: HeldOut;
  /** Number of value ids. */
  valueIds: number;
  /** Number of value ids whose longest views have fewer answers than requested. */
  cappedIds: number;
  /** Creates the learner with its first weights. Dispose it. */
  createLearner: () => Promise<Learner>;
}
