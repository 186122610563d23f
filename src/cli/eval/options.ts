/** Options of every evaluation. */
export interface EvalOptions {
  split: 'question' | 'row';
  target: 'value-id' | 'model' | 'lang';
  minPerId: number;
  seed: number;
  report?: string;
  json?: boolean;
}

export interface EvalKnnOptions extends EvalOptions {
  fit: boolean;
  k?: number;
  sweep?: number[];
}

export interface EvalProbeOptions extends EvalOptions {
  epochs: number;
}

export interface EvalControlOptions {
  target: 'value-id' | 'model' | 'lang';
  k: number;
  minPerId: number;
  seed: number;
  json?: boolean;
}

export interface EvalClassifierOptions extends EvalOptions {
  k?: number;
  unknown: boolean;
}
