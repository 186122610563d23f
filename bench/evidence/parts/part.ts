import { MAIN_CONFIGURATIONS } from '../configurations.js';
import { type EmbedderName, FROZEN, GLOVE, type Lab, TFIDF } from '../lab.js';
import type { Section } from '../pages.js';

/** What a part of the evidence found. */
export interface Outcome {
  /** For bench/results/evidence.json. */
  result: unknown;
  sections: Section[];
  /** SVG texts by file name, for docs/evidence/. */
  plots: Record<string, string>;
}

export type Part = (lab: Lab) => Promise<Outcome>;

/** The encoder that parts take which look at one trained encoder. */
export const MAIN = MAIN_CONFIGURATIONS[0]!.name;

/** The rows of table 1. */
export function tableEmbedders(lab: Lab): EmbedderName[] {
  return [TFIDF, ...(lab.options.glove ? [GLOVE] : []), FROZEN, ...MAIN_CONFIGURATIONS.map(({ name }) => name)];
}

const TITLES: Readonly<Record<string, string>> = {
  [TFIDF]: 'TF-IDF',
  [GLOVE]: 'GloVe, averaged',
  [FROZEN]: 'MiniLM, frozen',
};

/** Name of an embedder in tables and plots. */
export function titleOf(embedder: EmbedderName): string {
  return TITLES[embedder] ?? `trained, ${embedder.replaceAll('-', ' ')}`;
}
