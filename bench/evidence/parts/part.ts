import { MAIN_CONFIGURATIONS } from '../configurations.js';
import { type EmbedderName, FROZEN, GLOVE, type Lab, TFIDF } from '../lab.js';
import type { Section } from '../pages.js';

/** Results of a part of the evidence. */
export interface Outcome {
  /** Value for bench/results/evidence.json. */
  result: unknown;
  sections: Section[];
  /** SVG files for docs/evidence/, by file name. */
  plots: Record<string, string>;
}

export type Part = (lab: Lab) => Promise<Outcome>;

/** Encoder of the parts that examine only one trained encoder. */
export const MAIN = MAIN_CONFIGURATIONS[0]!.name;

/** Returns the rows of table 1. */
export function tableEmbedders(lab: Lab): EmbedderName[] {
  return [TFIDF, ...(lab.options.glove ? [GLOVE] : []), FROZEN, ...MAIN_CONFIGURATIONS.map(({ name }) => name)];
}

const TITLES: Readonly<Record<string, string>> = {
  [TFIDF]: 'TF-IDF',
  [GLOVE]: 'GloVe, averaged',
  [FROZEN]: 'MiniLM, frozen',
};

/** Returns the name of an embedder for tables and plots. */
export function titleOf(embedder: EmbedderName): string {
  return TITLES[embedder] ?? `trained, ${embedder.replaceAll('-', ' ')}`;
}
