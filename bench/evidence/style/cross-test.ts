/** Methods that are trained once and tested on several kinds of rows: treated answers, or those of another set. */
import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { type ClassificationResult, summarise } from '../../../src/evaluation/classification.js';
import { type Figure, figureOf } from '../../../src/evaluation/control/figure.js';
import { fitAndPredict } from '../../../src/evaluation/control/fit-and-predict.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import { prepareRows } from '../../../src/evaluation/prepare.js';
import { evaluateTfidf, type LabelledTexts } from '../../../src/evaluation/tfidf.js';
import { predictBySvc, sklearnVersion } from '../linear-svc.js';
import { SEED } from '../value-sets.js';

/** The methods, with their titles. */
export const METHODS = {
  tfidf: 'TF-IDF, kNN',
  svmWords: 'SVM, words',
  svmCharacters: 'SVM, words and characters',
  base: 'univar-base, kNN',
  fitted: 'fitted, kNN',
  classifier: 'classifier',
} as const;

export type MethodName = keyof typeof METHODS;

/** Figures by method and kind of tested rows. The SVMs are missing where scikit-learn is. */
export type CrossFigures = Partial<Record<MethodName, Record<string, Figure>>>;

export interface CrossTest {
  train: Int32Array;
  /** Tested rows, by name. */
  tests: Readonly<Record<string, Int32Array>>;
  /** Folder of a base that was trained on none of the rows. */
  base: string;
}

const K = 10;

/** Trains every method on the training rows, and returns its balanced accuracy on each kind of tested rows. */
export async function crossTest(rows: LabelledTexts, { train, tests, base }: CrossTest): Promise<CrossFigures> {
  const { texts, labels, groups } = rows;
  const test = Int32Array.from(Object.values(tests).flatMap((kind) => [...kind]));
  const onEach = async (evaluate: (kind: Int32Array) => ClassificationResult | Promise<ClassificationResult>) => {
    const figures: Record<string, Figure> = {};
    for (const [name, kind] of Object.entries(tests)) figures[name] = figureOf(await evaluate(kind));
    return figures;
  };
  const asPredicted = (predicted: ReadonlyMap<number, string>) =>
    onEach((kind) => {
      const prepared = prepareRows({ labels, groups }, { split: { train, test: kind }, seed: SEED });
      return summarise(
        prepared,
        prepared.test.map((row) => prepared.names.indexOf(predicted.get(row)!)),
      );
    });
  const asNeighbours = (embeddings: Float32Array, dim: number) =>
    onEach((kind) => evaluateKnn({ embeddings, dim, labels, groups }, optionsOf(kind)));
  const optionsOf = (kind: Int32Array) => ({ split: { train, test: kind }, k: K, sweep: [], seed: SEED });

  const figures: CrossFigures = { tfidf: await onEach((kind) => evaluateTfidf(rows, optionsOf(kind))) };
  if (sklearnVersion() !== undefined) {
    const { words, characters } = await predictBySvc({ texts, labels }, { train, test });
    const byRow = (predicted: readonly string[]) => new Map(Array.from(test, (row, i) => [row, predicted[i]!]));
    figures.svmWords = await asPredicted(byRow(words));
    figures.svmCharacters = await asPredicted(byRow(characters));
  }
  const encoder = await loadEncoder(base);
  try {
    const { embeddings, dim } = await encoder.encode(texts);
    figures.base = await asNeighbours(embeddings, dim);
  } finally {
    await encoder.dispose();
  }
  const { embeddings, dim, predicted } = await fitAndPredict(rows, { train, test }, { fit: { seed: SEED, base } });
  figures.fitted = await asNeighbours(embeddings, dim);
  figures.classifier = await asPredicted(predicted);
  return figures;
}

/** Half the width of the interval of a figure; 0 where there is none. */
export function halfOf({ interval }: Figure): number {
  return interval ? (interval.high - interval.low) / 2 : 0;
}
