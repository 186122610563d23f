/** Formats numbers, durations and tables for people, the same way in every locale. */

/** Formats `12345.6` as `12,346`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats a count with its noun: `1 model`, `2 models`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a rate: integers from 100 on, one decimal below. */
export function formatRate(value: number): string {
  return value >= 100 ? formatCount(value) : value.toFixed(1);
}

/** Formats a share of 1 as `12.3 %`. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Formats seconds as `0.8 s`, `12 s`, `3:05` (minutes) or `2:03:05` (hours). */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(rounded / 60);
  return minutes < 60
    ? `${minutes}:${two(rounded % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(rounded % 60)}`;
}

/** Formats bytes as `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]!}`;
}

/**
 * Formats rows of cells as aligned columns. The first row is the heading. A column is aligned right if it is not the
 * first and all its cells begin with a digit; otherwise it is aligned left.
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

/** Counts characters, not UTF-16 units. Double-width characters count once, which misaligns them slightly. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}

/** Indents every line by two columns. */
export function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)!} ${word}`;
    if (lines.length > 0 && displayWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Shortens a text to one line of at most `width` characters: collapses white space, and cuts with an ellipsis. */
export function excerpt(text: string, width: number): string {
  const characters = Array.from(text.replace(/\s+/gu, ' ').trim());
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(1, width - 1)).join('')}…`;
}

/**
 * Shortens a text to one line of at most `width` characters, like {@link excerpt}, but keeps the part around `focus`,
 * with ellipses where something is missing.
 *
 * @param focus UTF-16 units of the text to keep in the middle
 */
export function excerptAround(text: string, focus: { start: number; end: number } | undefined, width: number): string {
  if (!focus) return excerpt(text, width);
  const line = (part: string): string => part.replace(/\s+/gu, ' ');
  const characters = Array.from(line(text).trim());
  const before = Array.from(line(text.slice(0, focus.start)).trimStart()).length;
  const length = Array.from(line(text.slice(focus.start, focus.end))).length;
  const from = before - Math.floor((width - length) / 2);
  // Near an end of the text, or if the phrase alone is wider, the window begins where it shows most.
  const begin = Math.max(0, Math.min(from, before - 1, characters.length - width));
  if (begin === 0) return excerpt(text, width);
  const rest = characters.slice(begin + 1).join('');
  return `…${excerpt(rest, width - 1)}`;
}
