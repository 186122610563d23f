import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { argMax } from '../core/arg-max.js';
import { EngineError } from '../core/errors.js';
import { pick } from '../core/pick.js';
import { fail } from '../core/validate.js';
import { readModelFolder } from '../encoder/folder/model-folder.js';
import { readFingerprints, TrainingAnswers } from '../encoder/folder/training-answers.js';
import { type Network, readNetwork } from '../encoder/weights/network.js';
import type { Pooling } from '../native/pooling.js';
import { readTextPreparation, type TextPreparation } from '../text/text-preparation.js';
import { CUTTING } from '../text/tokenizers/encode-qa.js';
import { BatchSource } from './batch-source.js';
import { FrozenStates } from './frozen-states.js';
import { describeRun, hashFiles } from './run-folder.js';
import { resolveMaxTokens, resolveTrainSettings, type TrainOptions, type TrainSettings } from './settings.js';
import { createTrainer, SHARED_OPTIONS, type Trainer, type TrainerOptions } from './trainer.js';
import type { TrainingPlan } from './training-plan.js';
import { readTrainingSet, type TrainingSet } from './training-set.js';
import { TransformerLearner } from './transformer-learner.js';
import { holdOut } from './validation.js';

/** Checks the options and reads the data of a run that trains a transformer. @throws EngineError like `train` */
export async function planTransformerRun(options: TrainOptions): Promise<TrainingPlan> {
  const settings = resolveTrainSettings(options);
  const { encoder, signal } = options;
  const pooling = settings.pooling ?? (await folderPooling(encoder));
  const preparation = await readPreparation(encoder, settings.lambda);
  const network = await readNetwork(encoder, { pooling, normalize: true });
  const set = await loadTrainingSet(options, settings, network, preparation);
  const heldOut = holdOut(set, settings);
  const cappedIds = checkLambda(set, heldOut.train, settings.lambda);
  const batches = new BatchSource(set, heldOut.train, settings);
  const steps = settings.steps ?? settings.epochs * batches.batchesPerEpoch;
  const files = [...network.architecture.folder.files, 'model.safetensors'];
  const description = await describeRun(options, {
    encoder: await hashFiles(encoder, files, signal),
    texts: { ...preparation, cutting: CUTTING },
    settings,
  });
  const trainingAnswers = await collectTrainingAnswers(encoder, set, heldOut.train);
  const createLearner = async (): Promise<TransformerLearner> => {
    const trainer = await createTrainer(trainerOptions(encoder, settings, pooling, steps));
    return new TransformerLearner(set, batches, trainer, frozenStates(settings, set, trainer), trainingAnswers);
  };
  return { options, settings, description, steps, heldOut, valueIds: set.names.length, cappedIds, createLearner };
}

/**
 * Reads the pooling of an encoder folder. A bare checkpoint, without the files of sentence-transformers, does not
 * specify one: it gets mean pooling, like most encoders.
 */
async function folderPooling(encoder: string): Promise<Pooling> {
  if (!existsSync(join(encoder, 'modules.json'))) return 'mean';
  return (await readModelFolder(encoder)).pooling;
}

/**
 * Reads how the encoder prepares texts, which training must do as well. A prompt would belong before a view, but is put
 * before every answer, so it is only supported for views of one answer.
 */
async function readPreparation(encoder: string, lambda: number): Promise<TextPreparation> {
  const preparation = await readTextPreparation(encoder, encoder);
  if (preparation.prompt === '' || lambda === 1) return preparation;
  throw new EngineError(
    'ERR_DATA',
    `${encoder} puts the prompt ${JSON.stringify(preparation.prompt)} before every text, ` +
      'which training supports only for views of one answer; set lambda to 1',
  );
}

/** Returns the fingerprints of the answers of the run, and of those that the encoder was trained on before. */
async function collectTrainingAnswers(
  encoder: string,
  { fingerprints }: TrainingSet,
  rows: Int32Array,
): Promise<TrainingAnswers> {
  const own = Array.from(rows, (row) => fingerprints.get(row)).filter((fingerprint) => fingerprint !== undefined);
  return new TrainingAnswers([...((await readFingerprints(encoder)) ?? []), ...own]);
}

/** Loads the tokenizer and the data, and checks that they fit the encoder. */
async function loadTrainingSet(
  options: TrainOptions,
  settings: TrainSettings,
  { architecture, spec }: Network,
  preparation: TextPreparation,
): Promise<TrainingSet> {
  if (settings.freezeLayers > spec.layers)
    fail('ERR_ARG_RANGE', `at most ${spec.layers}, the layers of the encoder,`, 'freezeLayers', settings.freezeLayers);
  const tokenizer = await architecture.folder.loadTokenizer(options.encoder);
  try {
    if (!tokenizer.splitsAtNewlines) {
      throw new EngineError(
        'ERR_DATA',
        `Training needs a WordPiece tokenizer, because it joins texts by newlines; ${options.encoder} has another kind`,
      );
    }
    if (tokenizer.vocabSize > spec.vocabulary) {
      throw new EngineError(
        'ERR_DATA',
        `The tokenizer and the weights of ${options.encoder} do not match: ` +
          `${tokenizer.vocabSize} tokens, but only ${spec.vocabulary} embeddings`,
      );
    }
    return await readTrainingSet(options.data, tokenizer, {
      read: options.read ?? {},
      maxTokens: resolveMaxTokens(settings, spec.maxPositions),
      preparation,
      minPerId: settings.minPerId,
      signal: options.signal,
      onProgress: (rows) => options.events?.onRead?.(rows),
      onSkip: options.events?.onSkip,
    });
  } finally {
    await tokenizer.dispose();
  }
}

/**
 * Checks that some value id has at least lambda answers; otherwise lambda is a mistake. If a value id has fewer
 * answers, its views contain all of them at most, as in the paper.
 *
 * @returns the number of value ids with fewer answers
 */
function checkLambda({ labels, names }: TrainingSet, rows: Int32Array, lambda: number): number {
  const counts = new Int32Array(names.length);
  for (const row of rows) counts[labels[row]!]! += 1;
  const largest = argMax(counts);
  if (counts[largest]! < lambda) {
    fail(
      'ERR_ARG_RANGE',
      `at most ${counts[largest]!}, the training answers of ${names[largest]!}, which has the most,`,
      'lambda',
      lambda,
    );
  }
  return counts.filter((count) => count < lambda).length;
}

/** Creates the cache of frozen states. Views of several answers rarely repeat, so they are not cached. */
function frozenStates(
  { freezeLayers, lambda, frozenBudget }: TrainSettings,
  set: TrainingSet,
  trainer: Trainer,
): FrozenStates | undefined {
  if (freezeLayers === 0 || lambda > 1) return undefined;
  return new FrozenStates(set.tokens, freezeLayers, trainer.dim, frozenBudget, (texts, call) =>
    trainer.encode(texts, call),
  );
}

function trainerOptions(
  encoder: string,
  settings: TrainSettings,
  pooling: Pooling,
  totalSteps: number,
): TrainerOptions {
  return {
    ...pick(settings, SHARED_OPTIONS),
    encoder,
    totalSteps,
    pooling,
    firstTrainedLayer: settings.freezeLayers,
  };
}
