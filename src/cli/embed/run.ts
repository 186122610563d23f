import { EngineError } from '../../core/errors.js';
import { embedDataset } from '../../pipeline/embed/embed-dataset.js';
import type { EmbedDatasetOptions, EmbedEvents } from '../../pipeline/embed/options.js';
import type { EmbedSummary } from '../../pipeline/embed/summary.js';
import type { CliContext } from '../context.js';
import { formatCount, plural } from '../format.js';
import { StagedProgress } from '../staged-progress.js';
import type { EmbedOptions } from './options.js';
import { describeSummary } from './summary.js';

/** `univar embed`: embeds the inputs and prints a summary. */
export async function runEmbed(inputs: string[], options: EmbedOptions, context: CliContext): Promise<void> {
  const { queue, exchange, model, lang, question, json, ...given } = options;
  if (queue === undefined && exchange !== undefined)
    throw new EngineError('ERR_ARG_TYPE', '--exchange can only be used with --queue');
  const summary = await embedWithProgress(
    {
      ...given,
      inputs,
      ...(!question && { optional: ['question'] }),
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
  const progress = new StagedProgress(context);
  let total: number | undefined;
  progress.begin({ label: 'read', unit: 'answers' });
  const events: EmbedEvents = {
    onRead: (rows) => progress.update({ label: 'read', unit: 'answers' }, rows),
    onStart: ({ rows, baseRows, resumedRows }) => {
      progress.stop();
      total = rows;
      if (baseRows > 0)
        context.log(
          `embed: adding ${plural(rows - baseRows, 'answer')} to the ${formatCount(baseRows)} of ${options.out}`,
        );
      if (resumedRows > 0)
        context.log(`embed: resuming after the ${plural(resumedRows, 'answer')} of an interrupted run`);
      progress.begin({ label: 'embed', unit: 'answers', total, done: baseRows + resumedRows });
    },
    onProgress: (rows) => progress.update({ label: 'embed', unit: 'answers', total }, rows),
    onFitProgress: (rows) => progress.update({ label: 'fit', unit: 'answers', total }, rows),
    onIndexProgress: (rows) => progress.update({ label: 'index', unit: 'vectors', total }, rows),
    onNotice: (text) => context.log(`embed: ${text}`),
    onWorkers: (count) => progress.setWorking(count > 0),
  };
  try {
    return await embedDataset({ ...options, signal: context.signal, events });
  } finally {
    progress.stop();
  }
}
