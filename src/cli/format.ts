/** Numbers, durations and tables as people read them; the same in every locale. */

/** `12345.6` as `12,346`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 model`, `2 models`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A rate per second: whole numbers from 100 on, one decimal below. */
export function formatRate(value: number): string {
  return value >= 100 ? formatCount(value) : value.toFixed(1);
}

/** A share of 1 as `12.3 %`. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Seconds as `0.8 s`, `12 s`, `3:05` (minutes) or `2:03:05` (hours). */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Bytes as `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]!}`;
}

/**
 * Rows of cells as aligned columns; the first column is aligned left, a column whose cells all begin with a digit
 * right. The first row is the heading.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => displayWidth(row[c] ?? ''))));
  const numeric = widths.map((_, c) => c > 0 && rows.slice(1).every((row) => /^[-\d]/.test(row[c] ?? '')));
  return rows
    .map((row) =>
      row
        .map((cell, c) => pad(cell, widths[c]!, numeric[c]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return right ? space + cell : cell + space;
}

/** Characters, not UTF-16 units; double-width scripts are counted once, which misaligns them slightly. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}

/** Every line moved right by two columns. */
export function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

/** One line of at most `width` characters: white space folded, the rest cut with an ellipsis. */
export function excerpt(text: string, width: number): string {
  const characters = Array.from(text.replace(/\s+/gu, ' ').trim());
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(1, width - 1)).join('')}…`;
}
