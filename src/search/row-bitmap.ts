/** Sets of rows as bitmaps: row i is in where bit i % 8 of byte i >> 3 is set; rows beyond the last byte are not. */

/** An empty set with room for `rows`, or one that begins as `before`. */
export function rowBitmap(rows: number, before?: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  if (before) bits.set(before);
  return bits;
}

export function hasRow(bits: Uint8Array, row: number): boolean {
  return row >= 0 && ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

export function addRow(bits: Uint8Array, row: number): void {
  bits[row >> 3]! |= 1 << (row & 7);
}

export function deleteRow(bits: Uint8Array, row: number): void {
  bits[row >> 3]! &= ~(1 << (row & 7));
}

/** The members below `rows`, ascending. */
export function listRows(bits: Uint8Array, rows: number): Int32Array {
  const members: number[] = [];
  for (let row = 0; row < rows; row++) if (hasRow(bits, row)) members.push(row);
  return Int32Array.from(members);
}
