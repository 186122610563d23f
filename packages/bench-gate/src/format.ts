/** Formats numbers and tables for people, the same way in every locale. */

/** Formats `12345.6` as `12,346`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats bytes as `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]!}`;
}

/** Formats a share as `1.5 %`. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Formats a change as `+1.5 %`. */
export function signedPercent(share: number, digits = 1): string {
  return `${share < 0 ? '-' : '+'}${percent(Math.abs(share), digits)}`;
}

/**
 * Formats rows of cells as aligned columns. The first row is the heading. A column is aligned right if it is not the
 * first and all its cells begin with a digit; otherwise it is aligned left.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  const numeric = widths.map((_, c) => c > 0 && rows.slice(1).every((row) => /^[-\d]/.test(row[c] ?? '')));
  const pad = (cell: string, c: number): string => (numeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
