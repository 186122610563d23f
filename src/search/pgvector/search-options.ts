import { expectInteger, expectOptions } from '../../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import { expectValueFilter, type ValueFilter } from '../filters/value-filter.js';

const DEFAULT_EF_SEARCH = 128;
/** pgvector's limit. */
export const MAX_EF_SEARCH = 1000;

export interface PgSearchOptions extends CallOptions {
  /** Neighbours per query, from 1 to the `size` of the index. */
  k: number;
  /** Candidates that the graph search keeps, from 1 to 1,000. A larger `k`, up to 1,000, raises it. @default 128 */
  efSearch?: number;
  /** Limits the search to matching vectors. @default all */
  filter?: ValueFilter;
}

export function resolvePgSearchOptions(options: PgSearchOptions): {
  k: number;
  filter: ValueFilter;
  efSearch: number;
  call: CallOptions;
} {
  const keys = ['k', 'efSearch', 'filter', 'signal', 'onProgress'] as const;
  const { k, efSearch, filter, signal, onProgress } = expectOptions(options, 'options', keys);
  return {
    k: expectInteger(k, 'k', 1),
    filter: filter === undefined ? {} : expectValueFilter(filter, 'filter'),
    efSearch: expectInteger(efSearch ?? DEFAULT_EF_SEARCH, 'efSearch', 1, MAX_EF_SEARCH),
    call: resolveCallOptions(signal, onProgress),
  };
}
