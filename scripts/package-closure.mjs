import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * Returns the folders in `root` of npm packages and of all their run-time dependencies, as Node would find them.
 * Optional ones are included if they are installed.
 *
 * @param {string} root folder with package.json and node_modules
 * @param {readonly string[]} names
 * @returns {string[]} relative to `root`, sorted
 */
export function packageClosure(root, names) {
  const top = resolve(root); // without a slash at the end
  const found = new Set();
  const visit = (name, from, optional) => {
    const folder = findPackage(top, name, from);
    if (!folder) {
      if (optional) return;
      throw new Error(`The npm package ${name}, which ${relative(top, from) || 'this'} needs, is not installed`);
    }
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
      visit(dependency, folder, dependency in optionalDependencies);
  };
  for (const name of names) visit(name, top, false);
  return [...found].map((folder) => relative(top, folder)).sort();
}

/** Finds the nearest node_modules/NAME, from a folder upwards to the top. */
function findPackage(top, name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === top) return undefined;
  }
}
