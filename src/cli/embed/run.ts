import { EngineError } from '../../core/errors.js';
import { embedDataset } from '../../pipeline/embed/embed-dataset.js';
import type { EmbedDatasetOptions, EmbedEvents } from '../../pipeline/embed/options.js';
import type { EmbedSummary } from '../../pipeline/embed/summary.js';
import type { CliContext } from '../context.js';
import { formatCount } from '../format.js';
import type { Progress } from '../progress.js';
import type { EmbedOptions } from './options.js';
import { describeSummary } from './summary.js';

/** `univar embed`: embeds the inputs and prints a summary. */
export async function runEmbed(inputs: string[], options: EmbedOptions, context: CliContext): Promise<void> {
  const { queue, exchange, model, lang, json, ...given } = options;
  if (queue === undefined && exchange !== undefined)
    throw new EngineError('ERR_ARG_TYPE', '--exchange can only be used with --queue');
  const summary = await embedWithProgress(
    {
      ...given,
      inputs,
      defaults: { ...(model && { model }), ...(lang && { lang }) },
      ...(queue !== undefined && { workers: { redis: queue, exchange } }),
    },
    context,
  );
  if (json) context.printJson(summary);
  else context.print(describeSummary(summary));
}

/** Embeds with progress on standard error. */
export async function embedWithProgress(
  options: Omit<EmbedDatasetOptions, 'signal' | 'events'>,
  context: CliContext,
): Promise<EmbedSummary> {
  let progress: Progress = context.progress({ label: 'read', unit: 'answers' });
  const events: EmbedEvents = {
    onRead: (rows) => progress.update(rows),
    onStart: ({ rows, baseRows, resumedRows }) => {
      progress.stop();
      if (baseRows > 0)
        context.log(
          `embed: adding ${formatCount(rows - baseRows)} answers to the ${formatCount(baseRows)} of ${options.out}`,
        );
      if (resumedRows > 0)
        context.log(`embed: resuming after the ${formatCount(resumedRows)} answers of an interrupted run`);
      progress = context.progress({ label: 'embed', unit: 'answers', total: rows, done: baseRows + resumedRows });
    },
    onProgress: (rows) => progress.update(rows),
    onNotice: (text) => context.log(`embed: ${text}`),
  };
  try {
    return await embedDataset({ ...options, signal: context.signal, events });
  } finally {
    progress.stop();
  }
}
