/** A cell of a CSV file; null is empty. */
export type Cell = string | number | null;

/** Formats lines of cells as CSV (RFC 4180): comma, LF, quotes if needed. */
export function toCsv(lines: readonly (readonly Cell[])[]): string {
  return lines.map((cells) => `${cells.map(toField).join(',')}\n`).join('');
}

function toField(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
