/** Writes the output of the quickstart to the project's README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const BEGIN = '<!-- quickstart: begin -->';
const END = '<!-- quickstart: end -->';
/** In the quickstart's output, an example and the list of written files follow this line. */
const EXAMPLE = /\n+One of them, /;

/** Replaces the text between the markers. */
export function writeQuickstart(output: string): void {
  const page = readFileSync(README, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  const figures = output.split(EXAMPLE)[0];
  if (before === undefined || after === undefined || figures === undefined)
    throw new Error(`${README} does not have the markers ${BEGIN} and ${END}`);
  writeFileSync(README, `${before}${BEGIN}\n\`\`\`\n${figures.trimEnd()}\n\`\`\`\n${END}${after}`);
}
