/**
 * The bits of rows that a search may find, as {@link SearchParams} takes them: bit `row % 8` of byte `row >> 3`.
 *
 * @param rows how many rows there are
 * @returns ceil(rows / 8) bytes
 */
export function rowFilter(rows: number, isAllowed: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) {
    if (isAllowed(row)) bits[row >> 3]! |= 1 << (row & 7);
  }
  return bits;
}
