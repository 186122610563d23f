/** Methods that identify answers, from word counts to fitted encoders, and their accuracy on one split of a source. */
import { join } from 'node:path';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { evaluateClassifier } from '../../src/evaluation/classifier/evaluate-classifier.js';
import { evaluateFittedKnn } from '../../src/evaluation/fitted-knn.js';
import { evaluateKnn, type KnnResult } from '../../src/evaluation/knn.js';
import { evaluateTfidf } from '../../src/evaluation/tfidf.js';
import { hashFile } from '../../src/records/input-files.js';
import { BASES_KEY } from '../base/fold-bases.js';
import type { Lab } from './lab.js';
import { predictBySvc, sklearnVersion } from './linear-svc.js';
import { inputOf } from './record-texts.js';
import { sampleValueSet, type ValueSet } from './value-sets.js';

/** Share of every value id's tested answers that is identified. */
export type Recalls = Record<string, number>;

/** Accuracy of one column of the table on one split. */
export interface Score {
  balancedAccuracy: number;
  recalls: Recalls;
  /** Of a classifier: its expected calibration error, and the balanced accuracy of ten answers together, if any. */
  calibrationError?: number;
  tenTogether?: number | undefined;
}

export interface Method {
  name: string;
  title: string;
  /** Titles of the columns that the table shows, by name. */
  columns: Readonly<Record<string, string>>;
  /** Whether it has only a sample of the rows. It then has only the first seed as well. */
  sampled: boolean;
  /** Whether it has only the first seed, because it takes minutes. */
  isSlow?: boolean;
  /** Everything besides the rows and the seed that affects the scores. */
  key: string;
  scores: (lab: Lab, set: ValueSet, seed: number) => Promise<Record<string, Score>>;
}

/** Numbers of neighbours of the kNN columns. */
const KS = [10, 50] as const;

/** Returns the methods that this installation has, in the order of their columns. */
export async function availableMethods(): Promise<Method[]> {
  const sklearn = sklearnVersion();
  const mini = await embedder('mini', 'univar-mini', MINI_ENCODER);
  return [
    {
      name: 'tfidf',
      title: 'TF-IDF',
      columns: knnColumns('tfidf', 'TF-IDF'),
      sampled: false,
      key: '',
      scores: (_, set) => atEveryK('tfidf', set, (options) => evaluateTfidf(textsOf(set), options)),
    },
    ...(sklearn === undefined ? [] : [svm(sklearn)]),
    mini,
    fitted('fittedSampled', `fitted on the answers of ${mini.title}`, true),
    base,
    fitted('fitted', 'fitted', false),
    classifier,
  ];
}

function svm(version: string): Method {
  return {
    name: 'svm',
    title: 'SVM',
    columns: {
      svmWords: 'SVM, words',
      svmCharacters: 'SVM, words and characters',
      svmNgrams: 'SVM, n-grams',
    },
    sampled: false,
    key: version,
    scores: async (_, set) => {
      const { words, characters, ngrams } = await predictBySvc(textsOf(set), set.split);
      const actual = Array.from(set.split.test, (row) => set.labels[row]!);
      return {
        svmWords: scoreOf(actual, words),
        svmCharacters: scoreOf(actual, characters),
        svmNgrams: scoreOf(actual, ngrams),
      };
    },
  };
}

function fitted(name: string, title: string, sampled: boolean): Method {
  return {
    name,
    title,
    columns: sampled ? { [`${name}10`]: `${title}, k 10` } : knnColumns(name, title),
    sampled,
    key: BASES_KEY,
    scores: async (lab, set, seed) => {
      const fit = { seed, base: await lab.baseWithout(set.name) };
      return atEveryK(name, set, (options) => evaluateFittedKnn(textsOf(set), { ...options, fit }));
    },
  };
}

/** The classifier of `univar fit`, with the fitted encoder. */
const classifier: Method = {
  name: 'classifier',
  title: 'classifier',
  columns: { classifier: 'classifier' },
  sampled: false,
  isSlow: true,
  key: BASES_KEY,
  scores: async (lab, set, seed) => {
    const fit = { seed, base: await lab.baseWithout(set.name) };
    const options = { split: set.split, bootstrapSamples: 0, fit, unknown: false };
    const { balancedAccuracy, perId, calibration, together } = await evaluateClassifier(textsOf(set), options);
    const tenTogether = together.find(({ answers }) => answers === 10)?.balancedAccuracy;
    return {
      classifier: { balancedAccuracy, recalls: recallsOf(perId), calibrationError: calibration.error, tenTogether },
    };
  },
};

/** The recipe of univar-base, trained without the source and its relatives. */
const base: Method = {
  name: 'base',
  title: 'univar-base',
  columns: knnColumns('base', 'univar-base'),
  sampled: false,
  key: BASES_KEY,
  scores: async (lab, set) => {
    const encoder = await loadEncoder(await lab.baseWithout(set.name));
    try {
      const { embeddings, dim } = await encoder.encode(set.records);
      const data = { embeddings, dim, labels: set.labels, groups: set.groups };
      return await atEveryK('base', set, (options) => evaluateKnn(data, options));
    } finally {
      await encoder.dispose();
    }
  },
};

/** A transformer, which embeds questions with answers. It is slow, and has a sample. */
async function embedder(name: string, title: string, folder: string): Promise<Method> {
  return {
    name,
    title,
    columns: knnColumns(name, title),
    sampled: true,
    key: (await hashFile(join(folder, 'model.safetensors'))).sha256,
    scores: async (lab, set) => {
      const encoder = await loadEncoder(folder, { precision: 'int8' });
      try {
        const inputs = set.records.map(inputOf);
        const embeddings = await lab.cache.floats(`embeddings/${name}`, [encoder.fingerprint, inputs], async () => {
          lab.log(`${title}: ${inputs.length} texts`);
          return (await encoder.encode(inputs)).embeddings;
        });
        const data = { embeddings, dim: encoder.dim, labels: set.labels, groups: set.groups };
        return await atEveryK(name, set, (options) => evaluateKnn(data, options));
      } finally {
        await encoder.dispose();
      }
    },
  };
}

/** Returns the scores of a method on one split, cached. Some methods have a sample of the rows. */
export async function scoresOf(lab: Lab, method: Method, set: ValueSet, seed: number): Promise<Record<string, Score>> {
  const { voting, tested } = lab.scale.sources.sampled;
  const rows = method.sampled ? sampleValueSet(set, voting, tested) : set;
  const { records, labels, groups, split } = rows;
  const settings = [method.key, seed, records, labels, groups, [...split.train], [...split.test]];
  return lab.cache.json(`encoders/${set.name}-${seed}-${method.name}`, settings, async () => {
    const started = performance.now();
    const scores = await method.scores(lab, rows, seed);
    const figures = Object.values(scores).map(({ balancedAccuracy }) => (100 * balancedAccuracy).toFixed(1));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    lab.log(`${method.name} on ${set.name}, seed ${seed}: ${figures.join(', ')} % after ${seconds} s`);
    return scores;
  });
}

function textsOf({ records, labels, groups }: ValueSet): { texts: string[]; labels: string[]; groups: string[] } {
  return { texts: records.map(({ answer }) => answer), labels, groups };
}

function knnColumns(name: string, title: string): Record<string, string> {
  return Object.fromEntries(KS.map((k) => [`${name}${k}`, `${title}, k ${k}`]));
}

interface KOptions {
  split: ValueSet['split'];
  k: number;
  sweep: readonly number[];
  bootstrapSamples: number;
}

/** Evaluates kNN at every k. The recalls are those of the smallest. */
async function atEveryK(
  name: string,
  { split }: ValueSet,
  evaluate: (options: KOptions) => Promise<KnnResult>,
): Promise<Record<string, Score>> {
  const result = await evaluate({ split, k: KS[0], sweep: KS, bootstrapSamples: 0 });
  const recalls = recallsOf(result.perId);
  return Object.fromEntries(
    KS.map((k) => [
      `${name}${k}`,
      {
        balancedAccuracy: result.sweep.find((point) => point.k === k)!.balancedAccuracy,
        recalls: k === KS[0] ? recalls : {},
      },
    ]),
  );
}

function recallsOf(perId: KnnResult['perId']): Recalls {
  return Object.fromEntries(perId.flatMap(({ id, recall }) => (recall === null ? [] : [[id, recall]])));
}

/** Returns the recall of every actual label, and their mean. */
export function scoreOf(actual: readonly string[], predicted: readonly string[]): Score {
  const counts = new Map<string, { rows: number; hits: number }>();
  actual.forEach((label, row) => {
    const count = counts.get(label) ?? { rows: 0, hits: 0 };
    counts.set(label, { rows: count.rows + 1, hits: count.hits + Number(predicted[row] === label) });
  });
  const recalls = Object.fromEntries([...counts].map(([label, { rows, hits }]) => [label, hits / rows]));
  const shares = Object.values(recalls);
  return { balancedAccuracy: shares.reduce((sum, share) => sum + share, 0) / shares.length, recalls };
}
