import { NGRAM_FEATURES } from '../../encoder/ngrams/ngram-folder.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import { describeRun } from '../run-folder.js';
import { readColumns, type TrainingColumns } from '../training-columns.js';
import type { TrainingPlan } from '../training-plan.js';
import { holdOut } from '../validation.js';
import { NgramLearner } from './ngram-learner.js';
import { type NgramTrainOptions, resolveNgramSettings } from './ngram-settings.js';
import { readAnswers } from './read-answers.js';
import { SourceSampler, type SourceTexts } from './source-sampler.js';

/** Checks the options and reads the data of a run that trains an n-gram encoder. @throws EngineError like `train` */
export async function planNgramRun(options: NgramTrainOptions): Promise<TrainingPlan> {
  const settings = resolveNgramSettings(options);
  const { data, read = {}, signal, events } = options;
  let records = 0;
  const { columns, kept } = await readColumns(data, {
    read,
    minPerId: settings.minPerId,
    signal,
    onProgress: (count) => {
      records = count;
      events?.onRead?.(records);
    },
    onSkip: events?.onSkip,
  });
  const heldOut = holdOut(columns, settings);
  const { train, validation } = heldOut;
  const sampler = new SourceSampler(sourceTexts(columns, train), settings.seed);
  const texts = { features: NGRAM_FEATURES, ...NGRAM_DEFAULTS.words };
  const description = await describeRun(options, { encoder: {}, texts, settings });
  const createLearner = async (): Promise<NgramLearner> => {
    // Answers are read again, now that their use is known: held-out ones must not decide which n-grams count.
    const onProgress = (count: number): void => events?.onRead?.(records + count);
    const answers = readAnswers(data, { read, signal, onProgress }, kept);
    return NgramLearner.create({ answers, train, validated: validation?.rows, sampler, settings, signal });
  };
  const valueIds = columns.names.length;
  return { options, settings, description, steps: settings.steps, heldOut, valueIds, cappedIds: 0, createLearner };
}

/** Groups the training rows by source. Row `train[i]` is text i of the corpus. */
function sourceTexts({ sources, sourceNames, labels, names }: TrainingColumns, train: Int32Array): SourceTexts[] {
  const textsOf: number[][] = sourceNames.map(() => []);
  train.forEach((row, text) => textsOf[sources[row]!]!.push(text));
  return textsOf.map((list) => {
    const texts = Int32Array.from(list);
    return { texts, labels: texts.map((text) => labels[train[text]!]!), classes: names.length };
  });
}
