import type { SeenAnswers } from '../encoder/folder/training-answers.js';
import type { CliContext } from './context.js';
import { formatCount } from './format.js';

/** Smaller shares can be coincidence: data sets share stock phrases. */
const SHARE = 0.01;

/**
 * Says that an encoder was trained on some of the answers.
 *
 * @param consequence what this means for the figures of the command
 * @returns undefined if it was not, as far as is known
 */
export function describeSeenAnswers(
  counts: SeenAnswers | undefined,
  consequence = 'accuracy with it is not that on new answers',
): string | undefined {
  if (!counts || counts.seen <= SHARE * counts.sampled) return undefined;
  const { encoder, sampled, seen } = counts;
  return (
    `${formatCount(seen)} of ${formatCount(sampled)} sampled answers were in the training data of ${encoder}; ` +
    consequence
  );
}

/** Warns if an encoder was trained on some of the answers, see {@link describeSeenAnswers}. */
export function warnAboutSeenAnswers(
  counts: SeenAnswers | undefined,
  context: Pick<CliContext, 'log'>,
  consequence?: string,
): void {
  const note = describeSeenAnswers(counts, consequence);
  if (note !== undefined) context.log(`note: ${note}`);
}
