import { type Cell, toCsv } from '../../core/csv.js';
import { cellOf, EXPORT_COLUMNS, type ExportedRows } from './exported-rows.js';

/** Significant digits that identify every float32. */
const FLOAT32_DIGITS = 9;

/** Formats rows as CSV with a header. A vector has a column per entry, `v0` to `v<dim - 1>`. */
export async function* csvParts(rows: AsyncIterable<ExportedRows>, dim: number): AsyncGenerator<Uint8Array> {
  let header: Cell[] | undefined;
  for await (const { records, vectors } of rows) {
    const lines: Cell[][] = [];
    if (!header) {
      header = [...EXPORT_COLUMNS, ...(vectors ? Array.from({ length: dim }, (_, i) => `v${i}`) : [])];
      lines.push(header);
    }
    for (const [row, record] of records.entries()) {
      const line: Cell[] = EXPORT_COLUMNS.map((column) => cellOf(record, column));
      if (vectors)
        for (const entry of vectors.subarray(row * dim, (row + 1) * dim))
          line.push(Number(entry.toPrecision(FLOAT32_DIGITS)));
      lines.push(line);
    }
    yield Buffer.from(toCsv(lines));
  }
}
