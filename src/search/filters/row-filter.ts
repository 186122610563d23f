import { allocateUint8 } from '../../core/allocate.js';
import { expectFunction, expectInteger } from '../../core/validate.js';

/** Labels are 32-bit integers. */
const MAX_ROWS = 2 ** 31 - 1;

/**
 * Builds the filter of an index search: bit `row % 8` of byte `row >> 3` is 1 if the search may find the row.
 *
 * @param rows number of rows
 * @returns ceil(rows / 8) bytes
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_OUT_OF_MEMORY`
 */
export function rowFilter(rows: number, isAllowed: (row: number) => boolean): Uint8Array {
  expectInteger(rows, 'rows', 0, MAX_ROWS);
  expectFunction(isAllowed, 'isAllowed');
  const bits = extendFilter(new Uint8Array(), rows);
  for (let row = 0; row < rows; row++) if (isAllowed(row)) allowRow(bits, row);
  return bits;
}

/** Copies a filter and extends it to `rows` rows. New rows are not allowed. */
export function extendFilter(filter: Uint8Array, rows: number): Uint8Array {
  const bits = allocateUint8(Math.ceil(rows / 8), 'the filter');
  bits.set(filter);
  return bits;
}

export function allowsRow(filter: Uint8Array, row: number): boolean {
  return ((filter[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

export function allowRow(filter: Uint8Array, row: number): void {
  filter[row >> 3]! |= 1 << (row & 7);
}

export function forbidRow(filter: Uint8Array, row: number): void {
  filter[row >> 3]! &= ~(1 << (row & 7));
}

/** Lists the allowed rows below `rows` in ascending order. */
export function allowedRows(filter: Uint8Array, rows: number): Int32Array {
  const allowed: number[] = [];
  for (let row = 0; row < rows; row++) if (allowsRow(filter, row)) allowed.push(row);
  return Int32Array.from(allowed);
}
