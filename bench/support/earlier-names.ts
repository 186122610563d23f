/**
 * Lets benchmarks measure a build in which the search functions do not take objects, such as the base of the first
 * check after that change. Delete this file when no base has those signatures.
 */

import type * as engine from '../../src/index.js';
import type { SearchResult } from '../../src/native/search-result.js';

type Engine = typeof engine;

interface EarlierResult {
  indices: Int32Array;
  scores: Float32Array;
}
type EarlierSearch = (this: unknown, ...args: unknown[]) => Promise<SearchResult & EarlierResult>;
interface Searchable {
  prototype: { search: unknown };
}

const patched = new WeakSet<object>();

/** Returns the engine with the current signatures. */
export function withCurrentNames(build: Engine): Engine {
  if (!('exactNeighbours' in build)) return build;
  const { VectorIndex, SimilarityBase, infoNce, similarityTopK } = build;
  if (!patched.has(VectorIndex)) {
    patched.add(VectorIndex);
    patchSearch(VectorIndex, (queries, { k, ...params }) => [queries, k, params]);
    patchSearch(SimilarityBase, (queries, { k }, dim) => [queries, queries.length / dim, k, {}]);
    const create = SimilarityBase.create.bind(SimilarityBase);
    SimilarityBase.create = (options) => create({ ...options, ...{ baseRows: options.base.length / options.dim } });
  }
  return {
    ...build,
    infoNce: (input) => infoNce({ ...input, ...{ rows: input.query.length / input.dim } }),
    similarityTopK: async (options) => {
      const { queries, base, dim } = options;
      const rows = { queryRows: queries.length / dim, baseRows: base.length / dim };
      return withLabels((await similarityTopK({ ...options, ...rows })) as SearchResult & EarlierResult);
    },
  };
}

/** Internal calls of the earlier build, which have more arguments, pass through. */
function patchSearch(
  { prototype }: Searchable,
  translate: (queries: Float32Array, options: { k: number }, dim: number) => unknown[],
): void {
  const search = prototype.search as EarlierSearch;
  prototype.search = function (this: { dim: number }, ...args: unknown[]) {
    const [queries, options] = args as [Float32Array, { k: number }];
    if (args.length !== 2 || typeof options !== 'object') return search.apply(this, args);
    return search.apply(this, translate(queries, options, this.dim)).then(withLabels);
  };
}

function withLabels(result: SearchResult & EarlierResult): SearchResult {
  return 'indices' in result ? { ...result, labels: result.indices, distances: result.scores } : result;
}
