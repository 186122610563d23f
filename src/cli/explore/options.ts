import type { EncoderCliOptions } from '../encoder-options.js';

export interface ExploreCliOptions extends EncoderCliOptions {
  encoder?: string;
  host: string;
  port: number;
  models?: string;
  method: 'umap' | 'pca';
  neighbours: number;
  minDistance: number;
  sample: number;
  seed: number;
  title?: string;
  json?: boolean;
}
