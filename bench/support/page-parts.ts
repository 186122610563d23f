import { readFileSync, writeFileSync } from 'node:fs';

/** Replaces the part of a Markdown page between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export function replaceBetween(page: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, rest] = readFileSync(page, 'utf8').split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${page} does not have the markers ${begin} and ${end}`);
  writeFileSync(page, `${before}${begin}\n${text}\n${end}${after}`);
}
