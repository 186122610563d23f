export interface FitCliOptions {
  steps?: number;
  pairs?: number;
  dim?: number;
  maxAnswers?: number;
  maxNgrams?: number;
  seed: number;
  factory?: string;
  index: boolean;
  classifier: boolean;
  json?: boolean;
}
