/** A selection of answers: one bit per row, the first row lowest. */
import { EngineError } from '../core/errors.js';

/** @throws EngineError `ERR_ARG_RANGE` for bad base64, `ERR_SHAPE_MISMATCH` for a bitmap of another length */
export function decodeSelection(base64: string, rows: number): number[] {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new EngineError('ERR_ARG_RANGE', 'Expected base64 for "rows"');
  const bitmap = Buffer.from(base64, 'base64');
  const bytes = Math.ceil(rows / 8);
  if (bitmap.length !== bytes)
    throw new EngineError(
      'ERR_SHAPE_MISMATCH',
      `Expected ${bytes} bytes, one bit per row, for "rows", got ${bitmap.length}`,
    );
  const selected: number[] = [];
  for (let row = 0; row < rows; row++) if (bitmap[row >> 3]! & (1 << (row & 7))) selected.push(row);
  return selected;
}
