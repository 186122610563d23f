/** Writes Markdown tables between markers into pages whose other text is written by hand. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One section of a page, between `<!-- name: begin -->` and `<!-- name: end -->`. */
export interface Section {
  page: 'evidence' | 'training';
  name: string;
  markdown: string;
}

/** Replaces the text between the markers of a section. */
export function writeSection(folder: string, { page, name, markdown }: Section): void {
  const path = join(folder, `${page}.md`);
  writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), name, markdown, path));
}

export function replaceSection(text: string, name: string, markdown: string, path: string): string {
  const begin = `<!-- ${name}: begin -->`;
  const end = `<!-- ${name}: end -->`;
  const [before, rest, ...more] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined || more.length > 0)
    throw new Error(`${path} must have one pair of the markers ${begin} and ${end}`);
  return `${before!}${begin}\n${markdown.trim()}\n${end}${after}`;
}

/** Builds a table whose first columns are text and whose other columns are figures. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], textColumns = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [heading, heading.map((_, i) => (i < textColumns ? '---' : '---:')), ...rows].map(line).join('');
}

/** Formats a share in percent, without the sign. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '-' : (100 * share).toFixed(1);
}

/** Formats a share and half the width of its interval, in percent. */
export function percentWith(share: number, half: number): string {
  return `${percent(share)} ± ${percent(half)}`;
}

/** Formats a text from the data for a table: one line, shortened, with Markdown escaped. */
export function quote(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const cut = firstCharacters(line, length);
  return `${cut.replace(/[\\`*_{}[\]<>#|~!]/g, (mark) => `\\${mark}`)}${cut.length < line.length ? ' …' : ''}`;
}

/** Returns the beginning of a text without splitting a character. */
export function firstCharacters(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}
