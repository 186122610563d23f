import { MAIN_CONFIGURATIONS } from '../configurations.js';
import { BASE, type EmbedderName, FITTED, FROZEN, GLOVE, type Lab, MINI, TFIDF } from '../lab.js';
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

/** An encoder that is fitted on the voting answers of one value set, and embeds the answers of all sets. */
export const FITTED_ON_VALUES = 'fitted-on-values';

const TITLES: Readonly<Record<string, string>> = {
  [TFIDF]: 'TF-IDF',
  [GLOVE]: 'GloVe, averaged',
  [FROZEN]: 'MiniLM, frozen',
  [MINI]: 'univar-mini',
  [BASE]: 'univar-base',
  [FITTED]: 'fitted on each set',
  [FITTED_ON_VALUES]: 'fitted on value questions',
};

/** Returns the name of an embedder for tables and plots. */
export function titleOf(embedder: EmbedderName): string {
  return TITLES[embedder] ?? `trained, ${embedder.replaceAll('-', ' ')}`;
}
