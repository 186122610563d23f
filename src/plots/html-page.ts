/** Frame of a page without scripts and network requests, for light and dark displays. */
import { escapeHtml } from '../core/escape-html.js';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE = `
:root {
  color-scheme: light dark;
  --line: light-dark(#d7dade, #3c4148);
  --soft: light-dark(#5b626b, #a4abb4);
  --bad: light-dark(#a33b12, #ff9f73);
  --panel: light-dark(#f5f6f8, #1e2126);
}
* { box-sizing: border-box; }
body {
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif;
  margin: 0 auto; padding: 1.5rem; max-width: 90rem;
  background: light-dark(#fff, #15171a); color: light-dark(#1b1e22, #e6e8eb);
}
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; } .soft { color: var(--soft); } a { color: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td:first-child { white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; }
.bar { display: inline-block; height: .6em; background: light-dark(#3b6fb5, #6ea4ec); border-radius: 2px; }
.tag {
  display: inline-block; font-size: .8rem; padding: 0 .45em;
  border: 1px solid currentColor; border-radius: 1em; color: var(--bad);
}
article { border-top: 1px solid var(--line); padding: 1rem 0; }
.grid {
  display: grid; grid-auto-flow: column; grid-auto-columns: minmax(19rem, 1fr);
  gap: .75rem; overflow-x: auto; padding: .5rem 0;
}
.cell { background: var(--panel); border-radius: 6px; padding: .6rem .8rem; overflow-wrap:anywhere; }
.cell p { white-space: pre-wrap; max-height: 16rem; overflow-y: auto; }
details summary { cursor: pointer; color: var(--soft); font-size: .85rem; }
`;

/**
 * Builds a page from parts of its body.
 *
 * @param style rules for this page, in addition to those of all pages
 */
export function page(title: string, parts: Iterable<string>, style = ''): string[] {
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    `<title>${escapeHtml(title)}</title>\n<style>${STYLE}${style}</style>\n</head>\n<body>\n`,
    ...parts,
    '</body>\n</html>\n',
  ];
}

/** Builds a table. The first row is the heading. Columns of numbers are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...body] = rows;
  const numeric = heading.map(
    (_, column) => body.length > 0 && body.every((row) => /^(?:[-\d.,]+(?: ?%)?)?$/.test(row[column] ?? '')),
  );
  const cells = (row: readonly string[], name: string): string =>
    row.map((cell, i) => `<${name}${numeric[i] ? ' class="n"' : ''}>${escapeHtml(cell)}</${name}>`).join('');
  const head = `<thead><tr>${cells(heading, 'th')}</tr></thead>`;
  const lines = body.map((row) => `<tr>${cells(row, 'td')}</tr>\n`).join('');
  return `<div class="scroll"><table>${head}<tbody>\n${lines}</tbody></table></div>\n`;
}
