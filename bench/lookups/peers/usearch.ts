/** Loads the npm package usearch, a peer only for this benchmark: `npm install --no-save usearch`. */
import { EF_CONSTRUCTION, LINKS } from '../kinds.js';

export interface Usearch {
  /** Builds an index and saves it. */
  build(
    path: string,
    options: { dim: number; quantization: string; rows: AsyncIterable<Float32Array>; threads: number },
  ): Promise<void>;
  /** Maps a saved index and returns its search function, which returns the labels of the k nearest of each query. */
  view(
    path: string,
    options: { dim: number; quantization: string; expansion: number; threads: number },
  ): (queries: Float32Array, k: number) => BigUint64Array;
}

interface Foreign {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(queries: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  save(path: string): void;
  view(path: string): void;
}

export async function openUsearch(): Promise<Usearch> {
  const name = 'usearch';
  const { Index } = ((await import(name)) as { default: { Index: new (config: object) => Foreign } }).default;
  const make = (dim: number, quantization: string, expansion: number): Foreign =>
    new Index({
      dimensions: dim,
      metric: 'ip',
      quantization,
      connectivity: LINKS,
      expansion_add: EF_CONSTRUCTION,
      expansion_search: expansion,
      multi: false,
    });
  return {
    async build(path, { dim, quantization, rows, threads }) {
      const index = make(dim, quantization, EF_CONSTRUCTION);
      let first = 0n;
      for await (const batch of rows) {
        const keys = BigUint64Array.from({ length: batch.length / dim }, () => first++);
        index.add(keys, batch, threads);
      }
      index.save(path);
    },
    view(path, { dim, quantization, expansion, threads }) {
      const index = make(dim, quantization, expansion);
      index.view(path);
      return (queries, k) => index.search(queries, k, threads).keys;
    },
  };
}
