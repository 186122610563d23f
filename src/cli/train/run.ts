import type { NgramTrainOptions } from '../../training/ngrams/ngram-settings.js';
import { plotTraining } from '../../training/plots.js';
import type { TrainOptions } from '../../training/settings.js';
import { type TrainSummary, train } from '../../training/train.js';
import type { CliContext } from '../context.js';
import { formatCount, formatDuration, formatPercent, plural } from '../format.js';
import type { Progress } from '../progress.js';
import { SkippedRows } from '../skipped-rows.js';
import type { TrainCommandOptions } from './options.js';

/** `univar train` */
export async function runTrain(
  data: readonly string[],
  options: TrainCommandOptions,
  context: CliContext,
): Promise<void> {
  const { plot, json, ...training } = options;
  const summary = await trainWithProgress(data, training, context);
  const plots = plot ? await plotTraining(options.out) : [];
  const tokensPerSecond = summary.seconds > 0 ? summary.tokens / summary.seconds : 0;
  if (json) context.printJson({ ...summary, tokensPerSecond, plots });
  else context.print(describeSummary(summary, tokensPerSecond, plots));
}

type Training = Omit<TrainCommandOptions, 'plot' | 'json'>;

async function trainWithProgress(
  data: readonly string[],
  options: Training,
  context: CliContext,
): Promise<TrainSummary> {
  const skipped = new SkippedRows();
  let progress: Progress = context.progress({ label: 'read', unit: 'answers' });
  try {
    return await train({
      ...trainOptions(data, options),
      signal: context.signal,
      events: {
        onRead: (rows) => progress.update(rows),
        onSkip: (rows) => skipped.add(rows),
        onStart: ({ done, steps, rows, validationRows, valueIds, cappedIds }) => {
          progress.stop();
          const note = skipped.describe();
          if (note) context.log(note);
          context.log(
            `train: ${plural(rows, 'answer')} of ${plural(valueIds, 'value id')}, ` +
              `${formatCount(validationRows)} held out for validation`,
          );
          if (cappedIds > 0)
            context.log(
              `train: ${plural(cappedIds, 'value id')} with fewer answers than lambda; their longest views are shorter`,
            );
          if (done > 0) context.log(`train: resuming an interrupted run after step ${done}`);
          progress = context.progress({ label: 'train', unit: 'steps', total: steps, done });
        },
        onStep: ({ step }) => progress.update(step),
        onValidation: ({ step, balancedAccuracy, best }) => {
          context.log(
            `train: after step ${step}, ${formatPercent(balancedAccuracy)} of held-out answers identified` +
              (best ? ', the best so far' : ''),
          );
        },
      },
    });
  } finally {
    progress.stop();
  }
}

/** Each architecture rejects options of the other, so the types of the options are not checked here. */
function trainOptions(
  data: readonly string[],
  { columns, model, lang, skipBad, ...rest }: Training,
): TrainOptions | NgramTrainOptions {
  const read = { columns, defaults: { ...(model && { model }), ...(lang && { lang }) }, skipBad };
  return { ...rest, data, read } as TrainOptions | NgramTrainOptions;
}

function describeSummary(summary: TrainSummary, tokensPerSecond: number, plots: readonly string[]): string {
  const { steps, stoppedEarly, tokens, seconds, best, loss, encoder } = summary;
  const lines = [
    `${formatCount(steps)} steps${stoppedEarly ? ', stopped early,' : ''} in ${formatDuration(seconds)}` +
      (tokens > 0 ? `: ${formatCount(tokens)} tokens, ${formatCount(tokensPerSecond)} tokens/s.` : '.'),
  ];
  if (loss !== undefined) lines.push(`Loss of the last step: ${loss.toFixed(4)}.`);
  if (best)
    lines.push(
      `Best validation after step ${best.step}: ${formatPercent(best.balancedAccuracy)} of held-out answers ` +
        'identified (balanced).',
    );
  if (plots.length > 0) lines.push(`Plots: ${plots.join(', ')}`);
  lines.push(`Encoder: ${encoder}`);
  return lines.join('\n');
}
