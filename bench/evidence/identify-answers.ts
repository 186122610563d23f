/** Measures how well the model of an answer is identified, with the figures of table 1 of the paper. */
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import type { Interval } from '../../src/evaluation/bootstrap.js';
import { evaluateFittedKnn } from '../../src/evaluation/fitted-knn.js';
import { evaluateKnn, type SweepPoint } from '../../src/evaluation/knn.js';
import { evaluateProbe } from '../../src/evaluation/probe.js';
import type { Split } from '../../src/evaluation/splits.js';
import { evaluateTfidf } from '../../src/evaluation/tfidf.js';
import { BASE, type EmbedderName, type Embeddings, FITTED, type Lab, TFIDF } from './lab.js';
import { type EncoderInput, inputOf } from './record-texts.js';
import { SEED, type ValueSet } from './value-sets.js';

/** Number of neighbours that vote, as in the paper, or all rows if there are fewer. */
const K = 50;
/**
 * Rows per step of the probe. The paper's 512 suit sets of tens of thousands of rows. With the same number of epochs,
 * the smaller sets here need smaller steps for enough updates.
 */
const PROBE_BATCH = 64;

export interface EvaluatedRows {
  /** Name of their set, which bases must not have seen. */
  set: string;
  inputs: readonly EncoderInput[];
  /** Text of every row for word counts and n-gram encoders. */
  texts: readonly string[];
  labels: readonly string[];
  groups: readonly string[];
  split: Split;
}

export interface Figures {
  labels: number;
  voting: number;
  tested: number;
  chance: number;
  knn: {
    accuracy: number;
    balancedAccuracy: number;
    weightedF1: number;
    interval: Interval;
    balancedInterval: Interval;
  };
  /** Figures by number of neighbours. */
  sweep: SweepPoint[];
  /** Null for word counts, which have too many columns for a probe, and for encoders fitted on the voting answers. */
  probe: { at1: number; at5: number; at10: number; weightedF1: number; interval: Interval } | null;
  /** Share of each label's tested rows that kNN identifies. */
  recalls: Record<string, number>;
}

export function rowsOf({ name, records, labels, groups, split }: ValueSet): EvaluatedRows {
  return { set: name, inputs: records.map(inputOf), texts: records.map(({ answer }) => answer), labels, groups, split };
}

/** Runs kNN and the linear probe for an embedder, or only kNN for word counts and fitted encoders. */
export async function identifyAnswers(
  lab: Lab,
  embedder: EmbedderName,
  rows: EvaluatedRows,
  what: string,
): Promise<Figures> {
  const { inputs, texts, labels, groups } = rows;
  const readsTexts = [TFIDF, BASE, FITTED].includes(embedder);
  const split = { train: [...rows.split.train], test: [...rows.split.test] };
  const settings = [
    await lab.embedderKey(embedder),
    readsTexts ? texts : inputs,
    labels,
    groups,
    split,
    K,
    PROBE_BATCH,
  ];
  const figures = await lab.cache.json(`figures/${embedder}`, settings, async () => {
    if (embedder === TFIDF) return figuresOf(await evaluateTfidf({ texts, labels, groups }, optionsOf(rows)), null);
    if (!readsTexts) return evaluateEmbeddings(await lab.embed(embedder, inputs), rows);
    const base = await lab.baseWithout(rows.set);
    if (embedder === BASE) return evaluateBase(base, rows);
    const options = { ...optionsOf(rows), fit: { seed: SEED, base } };
    return figuresOf(await evaluateFittedKnn({ texts, labels, groups }, options), null);
  });
  lab.log(
    `${embedder} on ${what}: kNN ${(100 * figures.knn.accuracy).toFixed(1)} %` +
      (figures.probe ? `, probe ${(100 * figures.probe.at1).toFixed(1)} %` : ''),
  );
  return figures;
}

async function evaluateBase(folder: string, rows: EvaluatedRows): Promise<Figures> {
  const encoder = await loadEncoder(folder);
  try {
    return await evaluateEmbeddings(await encoder.encode(rows.texts), rows);
  } finally {
    await encoder.dispose();
  }
}

/** Runs kNN and the linear probe on embeddings. */
export async function evaluateEmbeddings(
  embeddings: Embeddings,
  rows: Pick<EvaluatedRows, 'labels' | 'groups' | 'split'>,
): Promise<Figures> {
  const data = { ...embeddings, labels: rows.labels, groups: rows.groups };
  const probe = await evaluateProbe(data, { split: rows.split, batchSize: PROBE_BATCH });
  return figuresOf(await evaluateKnn(data, optionsOf(rows)), {
    at1: probe.accuracyAt[1],
    at5: probe.accuracyAt[5],
    at10: probe.accuracyAt[10],
    weightedF1: probe.weightedF1,
    interval: probe.intervals?.accuracy ?? whole,
  });
}

function optionsOf({ split }: Pick<EvaluatedRows, 'split'>): { split: Split; k: number } {
  return { split, k: Math.min(K, split.train.length) };
}

/** Interval for a single tested group, which does not show the spread. */
const whole: Interval = { low: 0, high: 1 };

function figuresOf(knn: Awaited<ReturnType<typeof evaluateKnn>>, probe: Figures['probe']): Figures {
  const { perId, train, test, chance, accuracy, balancedAccuracy, weightedF1, intervals, sweep } = knn;
  return {
    labels: perId.length,
    voting: train,
    tested: test,
    chance,
    knn: {
      accuracy,
      balancedAccuracy,
      weightedF1,
      interval: intervals?.accuracy ?? whole,
      balancedInterval: intervals?.balancedAccuracy ?? whole,
    },
    sweep,
    probe,
    recalls: Object.fromEntries(perId.flatMap(({ id, recall }) => (recall === null ? [] : [[id, recall]]))),
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns half the width of the interval of a mean or difference of figures from different questions. */
export function halfWidth(intervals: readonly Interval[], terms: 'mean' | 'sum'): number {
  const root = Math.sqrt(intervals.reduce((sum, { low, high }) => sum + ((high - low) / 2) ** 2, 0));
  return terms === 'mean' ? root / intervals.length : root;
}
