import type { SideKind } from '../../pipeline/comparison/side-names.js';

/** Kinds of sides, by their names on the command line. */
export const KINDS = { 'value-id': 'valueId', model: 'model', lang: 'lang' } as const satisfies Record<
  string,
  SideKind
>;

/** Ends the help and every result. */
export const LIMIT = 'A difference can lie in wording or in content: this command does not separate the two';

type Kind = keyof typeof KINDS;

export interface CompareCliOptions {
  in?: string;
  by?: Kind;
  all?: Kind;
  filterLang?: string[];
  encoder?: string;
  questions: number;
  phrases: number;
  draws: number;
  samples: number;
  maxAnswers: number;
  seed: number;
  report?: string;
  json?: boolean;
}
