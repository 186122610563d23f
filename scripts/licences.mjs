/** The licences of packages whose code a bundle contains. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCES = ['ISC', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'];

/**
 * Returns the licences of the packages that these files belong to.
 *
 * @param {string} root folder with node_modules/
 * @param {string} bundle name of the file with their code
 * @param {readonly string[]} files relative to the root
 * @throws Error for a package without a licence text, or with one that docs/dependencies.md does not allow
 */
export function licencesOf(root, bundle, files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file || !LICENCES.includes(license)) {
      throw new Error(`Expected one of the licences ${LICENCES.join(', ')} and its text in ${folder}, got ${license}`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  });
  return [`${bundle} contains code of these packages.\n`, ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}
