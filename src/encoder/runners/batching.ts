/**
 * Groups the sequences of a window into batches for a graph that needs rectangles: computing padding is wasted work.
 */
import type { PackedTokens } from '../../native/packed-tokens.js';

/**
 * Splits the sequences 0 to offsets.length - 2 of a packed window into batches of similar length, longest first. The
 * first batch then needs the most memory, and later ones fit into the memory that it allocated.
 *
 * @param offsets sequences + 1 ascending entries from 0
 * @param batchTokens limit for rows x longest sequence of a batch. A longer sequence gets its own batch
 * @returns indices of sequences, each exactly once. Deterministic
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

/** Copies the sequences `rows` of a window, in the order given. */
export function gatherRows(window: PackedTokens, rows: Int32Array): PackedTokens {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + window.offsets[row + 1]! - window.offsets[row]!));
  const ids = new Int32Array(offsets[rows.length]!);
  rows.forEach((row, i) => ids.set(window.ids.subarray(window.offsets[row], window.offsets[row + 1]), offsets[i]));
  return { ids, offsets };
}
