/** Links in the documentation of a package. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The text and the relative target of a Markdown link, without its fragment. */
const LINK = /\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

/** Turns links to files of the repository that the package does not contain into plain text that names them. */
export function unlinkAbsentFiles(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'));
  for (const path of names.map((name) => join(folder, name))) {
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(LINK, (link, name, target) => {
      const file = join(dirname(path), target);
      if (existsSync(file)) return link;
      const named = relative(folder, file);
      return named.endsWith(name) ? `\`${named}\`` : `${name} (\`${named}\` in the repository)`;
    });
    if (changed !== text) writeFileSync(path, changed);
  }
}
