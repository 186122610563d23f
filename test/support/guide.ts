/**
 * A guide as a sequence of steps that a test can run. Before a block, a comment says what it is:
 * `<!-- file: NAME -->`: the contents of a file that the reader writes; `<!-- not run -->`: commands that no test runs;
 * `<!-- long -->`: commands that take minutes, and run only to renew their output. A block without a language directly
 * after commands is their output; a line `...` in it leaves out the rest.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import MarkdownIt from 'markdown-it';

export interface Step {
  place: string;
  /** A file to write, or undefined for commands. */
  file: string | undefined;
  content: string;
  long: boolean;
  /** The lines of the output block in the page, without its fences. */
  output: { text: string; lines: [number, number] } | undefined;
}

export function readSteps(path: string): Step[] {
  const tokens = new MarkdownIt({ html: true }).parse(readFileSync(path, 'utf8'), {});
  const steps: Step[] = [];
  for (const [i, { type, info, content, map }] of tokens.entries()) {
    if (type !== 'fence') continue;
    const before = tokens[i - 1]?.type === 'html_block' ? (tokens[i - 1]?.content ?? '') : '';
    const file = /^<!-- file: (.*) -->/.exec(before)?.[1];
    if (before.startsWith('<!-- not run') || (file === undefined && info !== 'sh')) continue;
    const next = tokens[i + 1];
    const [from = 0, to = 0] = next?.map ?? [];
    const output = next?.type === 'fence' && next.info === '' ? next.content : undefined;
    steps.push({
      place: `${path}:${(map?.[0] ?? 0) + 1}`,
      file,
      content,
      long: before.startsWith('<!-- long'),
      output: output === undefined ? undefined : { text: output, lines: [from + 1, to - 1] },
    });
  }
  return steps;
}

/** Shown only if a run was long enough to measure it. */
const SOMETIMES = /, encoder [\d.]+ % busy/g;

/** What must be equal in two runs: words and their order, but no numbers, widths of columns, or what `...` omits. */
function shape(output: string): string[] {
  return output
    .replace(SOMETIMES, '')
    .split('\n')
    .map((line) =>
      line
        .replace(/\d[\d.,:]*/g, '#')
        .replace(/[\s-]+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}

/** Says whether `actual` has the lines of the page, up to a line `...`. */
export function hasShape(actual: string, page: string): boolean {
  const expected = shape(page);
  const end = expected.indexOf('...');
  const lines = shape(actual);
  return end < 0
    ? lines.join('\n') === expected.join('\n')
    : lines.slice(0, end).join('\n') === expected.slice(0, end).join('\n');
}

/** Replaces the outputs of a page by those of a run, but keeps what `...` leaves out. */
export function writeOutputs(path: string, outputs: ReadonlyMap<Step, string>): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [{ output }, actual] of [...outputs].reverse()) {
    if (!output) continue;
    const [from, to] = output.lines;
    const old = lines.slice(from, to);
    const fresh = actual.trimEnd().split('\n');
    const end = old.indexOf('...');
    lines.splice(from, to - from, ...(end < 0 ? fresh : [...fresh.slice(0, end), '...']));
  }
  writeFileSync(path, lines.join('\n'));
}
