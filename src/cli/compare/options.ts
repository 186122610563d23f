type Kind = 'value-id' | 'model' | 'lang';

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
