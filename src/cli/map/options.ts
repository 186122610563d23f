export interface MapCliOptions {
  out: string;
  method: 'umap' | 'pca';
  color: string;
  models?: string;
  neighbours: number;
  minDistance: number;
  sample: number;
  seed: number;
  textLength: number;
  title?: string;
  json?: boolean;
}
