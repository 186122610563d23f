/** Messages between text-search.ts and its thread. */
import type { Matches } from '../api-types.js';

export interface SearchTask {
  /** Folder of the dataset. */
  dir: string;
  /** File of the index; undefined to keep it in memory, because the folder cannot be written. */
  file: string | undefined;
}

export interface SearchRequest {
  id: number;
  /** A query of FTS5. */
  query: string;
  /** Best matches to return, or `'all'` for the bitmap of all of them. */
  want: number | 'all';
}

export type SearchReply =
  | { kind: 'progress'; done: number; total: number }
  | { kind: 'ready' }
  | { kind: 'note'; text: string }
  | { kind: 'failed'; message: string }
  | { kind: 'matches'; id: number; matches: Matches }
  | { kind: 'bitmap'; id: number; bitmap: Uint8Array }
  | { kind: 'refused'; id: number; message: string };
