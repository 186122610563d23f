/**
 * Checks a packed npm package with publint (files, entry points, fields of package.json) and are-the-types-wrong
 * (whether TypeScript finds the types that belong to what Node loads). Both work offline.
 *
 * Usage: node scripts/check-package.mjs PACKAGE.tgz
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkPackage as checkTypes, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/**
 * TypeScript's kinds of resolution that count. Its oldest, `node10`, knows no subpaths, and no supported Node resolves
 * like this.
 */
const RESOLUTIONS = ['node16-cjs', 'node16-esm', 'bundler'];
/** CommonJS modules load the package with require(), which supports ES modules in Node 20.19 and later. */
const ACCEPTED = ['CJSResolvesToESM'];

/**
 * @param {string} tarball path
 * @returns {Promise<string[]>} what is wrong, in one line each
 */
export async function checkPackage(tarball) {
  const bytes = Uint8Array.from(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  const { types, problems } = await checkTypes(createPackageFromTarballData(bytes));
  const wrong = problems.filter(
    ({ kind, resolutionKind }) =>
      !ACCEPTED.includes(kind) && (resolutionKind === undefined || RESOLUTIONS.includes(resolutionKind)),
  );
  return [
    ...messages.map((message) => `publint: ${message.type}: ${formatMessage(message, pkg, { color: false })}`),
    ...(types === false
      ? ['types: the package has none']
      : wrong.map((problem) => `types: ${JSON.stringify(problem)}`)),
  ];
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = await checkPackage(process.argv[2]);
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
