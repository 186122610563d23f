/** Shared by all parts of the evidence: sets, encoders and the cache of their results. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { hashFile } from '../../src/records/input-files.js';
import { type TrainSummary, train } from '../../src/training/train.js';
import { BASES_KEY, baseWithout } from '../base/fold-bases.js';
import { Cache, keyOf } from './cache.js';
import { CONFIGURATIONS, EVALUATED_TOKENS, type RowLimits, type Scale, settingsAt } from './configurations.js';
import { GLOVE_PACKAGE, loadGlove } from './glove.js';
import { type EncoderInput, textOf } from './record-texts.js';
import {
  type Languages,
  modelsLeftOut,
  readValueSet,
  sampleValueSet,
  testedGroups,
  trainingRows,
  VALUE_SETS,
  type ValueSet,
  writeTrainingFiles,
} from './value-sets.js';

export interface LabOptions {
  /** Folder of the encoder to train, with model.safetensors. */
  encoder: string;
  /** Folder of the data card: qa/ and translationese/. */
  data: string;
  /** Folder for the results of steps. */
  out: string;
  scale: Scale;
  /** Whether to include averaged GloVe vectors, which are downloaded. */
  glove: boolean;
  log: (line: string) => void;
}

export interface Embeddings {
  /** [rows, dim], row-major, rows of unit length. */
  embeddings: Float32Array;
  dim: number;
}

/** One of the names below, or the name of a training configuration. */
export type EmbedderName = string;
/** The untrained transformer. */
export const FROZEN = 'frozen';
/** Averaged word vectors. */
export const GLOVE = 'glove';
/** The transformer of the package. */
export const MINI = 'mini';
/** Counts words instead of embedding texts. `identifyAnswers` handles it and those below. */
export const TFIDF = 'tfidf';
/** The recipe of univar-base, trained without the set that is evaluated. */
export const BASE = 'base';
/** Fits an n-gram encoder, starting from {@link BASE}, on the voting answers of the set that is evaluated. */
export const FITTED = 'fitted';

interface OpenEmbedder {
  key: string;
  dim: number;
  encode: (inputs: readonly EncoderInput[]) => Promise<Float32Array>;
  dispose: () => Promise<void>;
}

/** Validation interval, as in the encoders of earlier evidence: short runs validate at their start and end. */
const VALIDATE_EVERY = 200;
const VALIDATION_ROWS = 450;

export class Lab {
  readonly cache: Cache;
  readonly precision = capabilities().bf16 === 'native' ? ('bf16' as const) : ('f32' as const);
  readonly #sets = new Map<string, Promise<ValueSet>>();
  readonly #trained = new Map<string, Promise<TrainSummary & { folder: string; key: string }>>();
  /** Only one is open, because parts use one encoder after the other. */
  #open: OpenEmbedder | undefined;

  constructor(readonly options: LabOptions) {
    this.cache = new Cache(options.out);
  }

  get scale(): Scale {
    return this.options.scale;
  }

  get tokens(): number {
    return Math.min(EVALUATED_TOKENS, this.scale.training.maxTokens);
  }

  log(line: string): void {
    this.options.log(line);
  }

  /** Reads all English rows of a set, or the rows of questions that were asked in several languages. */
  set(name: string, languages: Languages = 'english'): Promise<ValueSet> {
    return remember(this.#sets, `${name} ${languages}`, () =>
      readValueSet(name, languages, join(this.options.data, 'qa')),
    );
  }

  async sample(name: string, { voting, tested }: RowLimits, languages: Languages = 'english'): Promise<ValueSet> {
    return sampleValueSet(await this.set(name, languages), voting, tested);
  }

  valueSets(): Promise<ValueSet[]> {
    return Promise.all(VALUE_SETS.map((name) => this.set(name)));
  }

  async modelsLeftOut(): Promise<string[]> {
    return modelsLeftOut(await this.valueSets());
  }

  /** Trains a configuration, resumes it, or returns the existing result. */
  trained(name: string): Promise<TrainSummary & { folder: string; key: string }> {
    return remember(this.#trained, name, () => this.#train(name));
  }

  /** Embeds inputs. @param maxTokens longer inputs are cut */
  async embed(embedder: EmbedderName, inputs: readonly EncoderInput[], maxTokens = this.tokens): Promise<Embeddings> {
    const key = await this.embedderKey(embedder, maxTokens);
    const embeddings = await this.cache.floats(`embeddings/${embedder}`, [key, inputs], async () => {
      this.log(`${embedder}: ${inputs.length} texts`);
      return (await this.#openEmbedder(embedder, key, maxTokens)).encode(inputs);
    });
    return { embeddings, dim: embeddings.length / inputs.length };
  }

  /** Returns everything that decides the vectors of an embedder. */
  async embedderKey(embedder: EmbedderName, maxTokens = this.tokens): Promise<string> {
    if (embedder === GLOVE) return GLOVE_PACKAGE;
    if (embedder === TFIDF) return embedder;
    if (embedder === BASE || embedder === FITTED) return keyOf([embedder, BASES_KEY]);
    return keyOf([await this.#networkKey(embedder), maxTokens, this.precision]);
  }

  /** Returns the folder of a base that has not seen a set; see `baseWithout`. */
  baseWithout(set: string): Promise<string> {
    return baseWithout(set, (text) => this.log(text));
  }

  /** Returns the tokenizer's id of unknown words. */
  unknownToken(): number {
    const { model } = JSON.parse(readFileSync(join(this.options.encoder, 'tokenizer.json'), 'utf8')) as {
      model: { vocab: Record<string, number>; unk_token: string };
    };
    return model.vocab[model.unk_token]!;
  }

  async close(): Promise<void> {
    await this.#open?.dispose();
    this.#open = undefined;
  }

  async #openEmbedder(name: EmbedderName, key: string, maxTokens: number): Promise<OpenEmbedder> {
    if (this.#open?.key === key) return this.#open;
    await this.close();
    if (name === GLOVE) {
      const vectors = loadGlove(join(this.options.out, 'glove'));
      this.#open = {
        key,
        dim: vectors.dim,
        encode: (inputs) => Promise.resolve(vectors.average(inputs.map(textOf))),
        dispose: () => Promise.resolve(),
      };
    } else {
      const folder = await this.#folderOf(name);
      const encoder = await loadEncoder(folder, { maxTokens, backend: 'native', precision: this.precision });
      this.#open = {
        key,
        dim: encoder.dim,
        encode: async (inputs) => (await encoder.encode(inputs)).embeddings,
        dispose: () => encoder.dispose(),
      };
    }
    return this.#open;
  }

  async #folderOf(name: EmbedderName): Promise<string> {
    if (name === FROZEN) return this.options.encoder;
    return name === MINI ? MINI_ENCODER : (await this.trained(name)).folder;
  }

  async #networkKey(name: EmbedderName): Promise<string> {
    if (name === FROZEN) return keyOf(basename(this.options.encoder));
    if (name === MINI) return (await hashFile(join(MINI_ENCODER, 'model.safetensors'))).sha256;
    return (await this.trained(name)).key;
  }

  async #train(name: string): Promise<TrainSummary & { folder: string; key: string }> {
    const configuration = CONFIGURATIONS.find((other) => other.name === name)!;
    const { scale, precision, options } = this;
    const without = configuration.withoutModels ? await this.modelsLeftOut() : [];
    const sets = await this.valueSets();
    const tested = testedGroups(sets);
    const choice = { without, limit: scale.training.rowsPerSet };
    const settings = settingsAt(configuration, scale);
    const dataKey = keyOf([...trainingRows(sets, tested, choice)]);
    const key = keyOf([settings, precision, basename(options.encoder), dataKey]);
    const out = this.cache.path(`runs/${name}-${key}`);
    const summary = await this.cache.json(`runs/${name}`, key, async () => {
      const data = writeTrainingFiles(this.cache.path(`training-data/${dataKey}`), sets, tested, choice);
      const summary = await train({
        ...settings,
        preset: 'univar',
        data: [data],
        encoder: options.encoder,
        out,
        precision,
        minPerId: 2,
        validateEvery: Math.min(VALIDATE_EVERY, settings.steps),
        validationRows: VALIDATION_ROWS,
        checkpointEvery: 50,
        events: {
          onStart: ({ done, steps, ...start }) =>
            this.log(`${name}: ${start.rows} rows, ${start.valueIds} value ids, ${steps - done} steps to do`),
          onStep: ({ step, loss }) => step % 20 === 0 && this.log(`${name}: step ${step}, loss ${loss.toFixed(3)}`),
          onValidation: ({ step, balancedAccuracy }) =>
            this.log(`${name}: validation after step ${step}: ${balancedAccuracy.toFixed(3)}`),
        },
      });
      // Keeps only the last encoder, so that runs of equal length are compared. Checkpoints are five times as large.
      for (const entry of readdirSync(out))
        if (entry === 'best' || entry.startsWith('step-')) rmSync(join(out, entry), { recursive: true });
      return summary;
    });
    return { ...summary, folder: join(out, 'last'), key };
  }
}

function remember<T>(map: Map<string, Promise<T>>, key: string, compute: () => Promise<T>): Promise<T> {
  const known = map.get(key) ?? compute();
  map.set(key, known);
  return known;
}
