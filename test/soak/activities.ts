import type { Activity } from './activity.js';
import { indexes } from './indexes.js';
import { loss, topK, vectors } from './kernels.js';
import { classifier, fit, ngramTraining, tokens } from './texts.js';
import { training } from './training.js';

/** What a worker thread does too. */
export const ACTIVITIES: Readonly<Record<string, Activity>> = {
  training,
  ngramTraining,
  classifier,
  fit,
  loss,
  topK,
  vectors,
  tokens,
  indexes,
};
