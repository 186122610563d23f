import { EngineError } from '../../core/errors.js';
import { TrainingAnswers } from '../../encoder/folder/training-answers.js';
import type { SafetensorsFile } from '../../encoder/formats/safetensors.js';
import type { StoredTensor } from '../../encoder/formats/safetensors-writer.js';
import { writeNgramFolder } from '../../encoder/ngrams/ngram-folder.js';
import { drawSteps } from '../../identification/fit/train-table.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import { NgramTable } from '../../native/ngram-table.js';
import { NgramTrainer } from '../../native/ngram-trainer.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import type { Learner, UpdateFigures } from '../learner.js';
import type { NgramTrainSettings } from './ngram-settings.js';
import type { AnswerBatch } from './read-answers.js';
import type { SourceSampler } from './source-sampler.js';

const FEATURES = { kind: 'words', ...NGRAM_DEFAULTS.words } as const;

export interface NgramLearnerParts {
  /** All answers, in order. */
  answers: AsyncIterable<AnswerBatch>;
  /** Rows to train on, ascending. */
  train: Int32Array;
  /** Rows that the validation embeds. */
  validated: Int32Array | undefined;
  /** Draws texts by their position in `train`. */
  sampler: SourceSampler;
  settings: NgramTrainSettings;
  signal: AbortSignal | undefined;
}

/** Trains a table of n-gram embeddings: see `trainTable`. Each step has pairs of one source. */
export class NgramLearner implements Learner {
  readonly stateFiles = ['table.safetensors'];
  readonly position = undefined;

  private constructor(
    private readonly trainer: NgramTrainer,
    private readonly sampler: SourceSampler,
    private readonly settings: NgramTrainSettings,
    /** Answers by row, for the validation. */
    private readonly texts: ReadonlyMap<number, string>,
    private readonly trainingAnswers: TrainingAnswers,
  ) {}

  /**
   * Reads the answers and creates a learner.
   *
   * @throws EngineError `ERR_DATA` if no n-gram occurs in two training answers, or the data has changed since the rows
   *   were chosen; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and errors of `answers`
   */
  static async create({
    answers,
    train,
    validated,
    sampler,
    settings,
    signal,
  }: NgramLearnerParts): Promise<NgramLearner> {
    const isTrained = new Set(train);
    const isValidated = new Set(validated);
    const texts = new Map<number, string>();
    const trainingAnswers = new TrainingAnswers();
    const corpus = new NgramCorpus(FEATURES);
    try {
      for await (const { first, answers: batch } of answers) {
        const trained = batch.filter((_, i) => isTrained.has(first + i));
        await corpus.add(trained, { signal });
        trainingAnswers.add(trained);
        for (const [i, text] of batch.entries()) if (isValidated.has(first + i)) texts.set(first + i, text);
      }
      if (corpus.size !== train.length || texts.size !== isValidated.size)
        throw new EngineError('ERR_DATA', 'The data changed while it was read; run the training again');
      const { dim, maxNgrams: maxRows, seed } = settings;
      const trainer = await NgramTrainer.create(corpus, { dim, maxRows, seed, signal });
      return new NgramLearner(trainer, sampler, settings, texts, trainingAnswers);
    } finally {
      corpus.dispose();
    }
  }

  get dim(): number {
    return this.trainer.dim;
  }

  async step(step: number): Promise<UpdateFigures> {
    const steps = drawSteps(this.sampler, this.settings, step - 1, 1);
    const [loss] = await this.trainer.steps(steps);
    return { loss: loss!, learningRate: steps.learningRates[0]!, pairs: steps.pairs };
  }

  async embed(rows: Int32Array): Promise<Float32Array> {
    const table = await NgramTable.create(await this.trainer.table());
    try {
      const texts = Array.from(rows, (row) => this.texts.get(row)!);
      return (await table.encode(texts, FEATURES)).embeddings;
    } finally {
      table.dispose();
    }
  }

  async save(folder: string): Promise<void> {
    const { keys, rows } = await this.trainer.table();
    const { orders, limit: maxTokens } = FEATURES;
    await writeNgramFolder(folder, { orders, maxTokens, dim: this.dim }, { keys, rows }, this.trainingAnswers);
  }

  async tensors(): Promise<readonly StoredTensor[]> {
    const { keys, rows, moments } = await this.trainer.state();
    return [
      { name: 'keys', shape: [keys.length], dtype: 'U32', read: () => keys },
      { name: 'rows', shape: [keys.length, this.dim], read: () => rows },
      { name: 'moments', shape: [keys.length], read: () => moments },
    ];
  }

  async restore(_file: string, tensors: SafetensorsFile): Promise<void> {
    const keys = new Uint32Array(await tensors.readBytes('keys'));
    const rows = await tensors.readFloat32('rows');
    const moments = await tensors.readFloat32('moments');
    await this.trainer.restore({ keys, rows, moments });
  }

  /** The pairs and the learning rate of a step depend only on its number, so nothing is left to restore. */
  resume(): void {}

  dispose(): Promise<void> {
    this.trainer.dispose();
    return Promise.resolve();
  }
}
