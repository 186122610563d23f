import type { SeenAnswers } from '../encoder/folder/training-answers.js';
import type { CliContext } from './context.js';
import { formatCount } from './format.js';

/** Smaller shares can be coincidence: data sets share stock phrases. */
const SHARE = 0.01;

/**
 * Warns if an encoder was trained on some of the answers.
 *
 * @param consequence what this means for the figures of the command
 */
export function warnAboutSeenAnswers(
  counts: SeenAnswers | undefined,
  context: Pick<CliContext, 'log'>,
  consequence = 'accuracy with it is not that on new answers',
): void {
  if (!counts || counts.seen <= SHARE * counts.sampled) return;
  const { encoder, sampled, seen } = counts;
  context.log(
    `note: ${formatCount(seen)} of ${formatCount(sampled)} sampled answers were in the training data of ${encoder}; ` +
      consequence,
  );
}
