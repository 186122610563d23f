/** Sides of comparisons with known differences. */
import { readFileSync } from 'node:fs';

import type { AnswerSide } from '../../src/comparison/paired-answers.js';
import type { QaRecord } from '../../src/records/record.js';
import { randomNormal } from './random.js';

/** Figures of numpy and scipy: see test/fixtures/comparison/make-reference.py. */
export const reference = JSON.parse(
  readFileSync(new URL('../fixtures/comparison/reference.json', import.meta.url), 'utf8'),
) as {
  falseDiscovery: { p: number[]; adjusted: number[] };
  logOdds: { counts: [number, number]; totals: [number, number]; prior: number; logOdds: number; z: number }[];
  averageLinkage: { distances: number[][]; merges: [number, number, number, number][]; order: number[] };
  question: { a: number[]; b: number[]; energySquared: number; apart: number; p: number };
  meanDifference: { a: number[][]; b: number[][]; p: number; distance: number; share: number };
  ridge: { x: number[][]; y: number[]; tested: number[][]; scores: number[] };
};

export function record(model: string, qid: string, answer = 'yes', more: Partial<QaRecord> = {}): QaRecord {
  return { qid, question: `Is ${qid} right?`, answer, model, lang: 'eng', ...more };
}

/** Makes a side with `samples` answers to each of the questions q0, q1, ... */
export function side(name: string, embeddings: Float32Array, dim: number, samples = 1): AnswerSide {
  const records = Array.from({ length: embeddings.length / dim }, (_, row) =>
    record(name, `q${Math.floor(row / samples)}`),
  );
  return { name, records, embeddings };
}

export interface NormalSides {
  questions: number;
  dim: number;
  samples?: number;
  /** Distance of the means. */
  shift?: number;
  seed: number;
}

/**
 * Draws two sides whose answers are normal around a common mean of the question, with standard deviation 1 in every
 * dimension, and 3 for the means of questions.
 */
export function normalSides({ questions, dim, samples = 1, shift = 0, seed }: NormalSides): [AnswerSide, AnswerSide] {
  const centres = randomNormal(questions * dim, seed);
  const draw = (name: string, own: number, along: number): AnswerSide => {
    const embeddings = randomNormal(questions * samples * dim, own).map((noise, i) => {
      const column = i % dim;
      const question = Math.floor(i / (samples * dim));
      return noise + 3 * centres[question * dim + column]! + (column === 0 ? along : 0);
    });
    return side(name, embeddings, dim, samples);
  };
  return [draw('a', seed + 1_000_000, shift), draw('b', seed + 2_000_000, 0)];
}
