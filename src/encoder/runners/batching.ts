/** Groups sequences of one window into batches for a graph that wants rectangles: padding is work done for nothing. */
import type { PackedTokens } from '../../native/packed-tokens.js';

/**
 * Splits the sequences 0 to offsets.length - 2 of a packed window into batches of similar length, longest first.
 * Longest first because the first batch then sets the peak of memory, and a later one fits into what was allocated.
 *
 * @param offsets sequences + 1 ascending entries from 0
 * @param batchTokens largest rows x longest of a batch; a sequence that is longer still gets a batch of its own
 * @returns indices of sequences, each exactly once; the same for the same input
 */
export function planBatches(offsets: Int32Array, batchTokens: number): Int32Array[] {
  const length = (i: number): number => offsets[i + 1]! - offsets[i]!;
  const order = Int32Array.from({ length: offsets.length - 1 }, (_, i) => i);
  order.sort((a, b) => length(b) - length(a) || a - b);
  const batches: Int32Array[] = [];
  let begin = 0;
  while (begin < order.length) {
    const rows = Math.max(1, Math.floor(batchTokens / Math.max(1, length(order[begin]!))));
    batches.push(order.slice(begin, begin + rows));
    begin += rows;
  }
  return batches;
}

/** Copies the sequences `rows` of a window, in that order. */
export function gatherRows(window: PackedTokens, rows: Int32Array): PackedTokens {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + window.offsets[row + 1]! - window.offsets[row]!));
  const ids = new Int32Array(offsets[rows.length]!);
  rows.forEach((row, i) => ids.set(window.ids.subarray(window.offsets[row], window.offsets[row + 1]), offsets[i]));
  return { ids, offsets };
}
