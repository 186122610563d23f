/** Responses of the routes for exploration. The page also uses this module, so it must not depend on Node. */
import type { MapColumn, Region } from '../maps/value-map.js';

export type TextSearchState =
  | { state: 'building'; done: number; total: number }
  | { state: 'ready' }
  | { state: 'failed'; message: string };

/** Whether there are out-of-fold probabilities of the value ids. */
export type ProbabilitiesState =
  /** Classifiers of the folds are trained, then all answers are scored. */
  | { state: 'building'; step: 'folds' | 'answers'; done: number; total: number }
  | { state: 'ready' }
  | { state: 'unavailable'; message: string };

/** A property of answers that is a number. */
export interface NumberColumn {
  name: string;
  /** For every value id its number, if it has one. Undefined for a property of each answer: see the arrays. */
  byValueId?: (number | null)[];
}

export interface ExploreHeader {
  title: string;
  dataset: string;
  rows: number;
  encoder: string;
  /** Answers that were laid out. The others were placed by their neighbours. */
  laidOut: number;
  columns: MapColumn[];
  numbers: NumberColumn[];
  /** Number of distinct questions. */
  questions: number;
  /** Whether the index holds the vectors of a fitted encoder, and whether that has a classifier. */
  fitted: boolean;
  classifier: boolean;
  search: TextSearchState;
}

export interface ExploreRecord {
  row: number;
  qid: string;
  question: string;
  answer: string;
  /** Whether a text is longer than was asked for. */
  isCut: boolean;
  model: string;
  lang: string;
}

export interface Matches {
  total: number;
  /** The first matches: the best ones, or the first rows if there are too many to rank. */
  rows: number[];
  isRanked: boolean;
}

export interface NeighbourRow {
  row: number;
  distance: number;
}

export interface LabelsAnswer {
  labels: Region[];
}

/** How two sides differ, as far as it is shown. */
export interface CompareAnswer {
  sides: [string, string];
  questions: number;
  answers: number;
  /** Whether questions were drawn, because there are too many answers. */
  isSample: boolean;
  /** Whether the questions are in the order of `excess`, otherwise of `apart`. */
  hasSamples: boolean;
  differences: {
    qid: string;
    question: string;
    apart: number;
    excess: number | null;
    adjustedP: number | null;
    answers: readonly [string, string];
    /** A row of the question. */
    row: number;
  }[];
  phrases: readonly [PhraseRow[], PhraseRow[]];
}

export interface PhraseRow {
  phrase: string;
  z: number;
  answers: readonly [number, number];
}
