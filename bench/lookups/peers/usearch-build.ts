/** Builds an index of usearch over a dataset in a program of its own: DATASET FILE QUANTIZATION THREADS */
import { openDataset } from '../../../src/datasets/dataset.js';
import { openUsearch } from './usearch.js';

const [folder, path, quantization, threads] = process.argv.slice(2) as [string, string, string, string];
const dataset = await openDataset(folder);
await (await openUsearch()).build(path, {
  dim: dataset.dim,
  quantization,
  rows: dataset.embeddingBatches(16_384),
  threads: Number(threads),
});
