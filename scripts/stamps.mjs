/** Stamps: a file beside each build result, with a hash of all its inputs. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

function* filesBelow(path) {
  if (!statSync(path).isDirectory()) return void (yield path);
  for (const entry of readdirSync(path).sort()) yield* filesBelow(join(path, entry));
}

/** Computes a hash over files (names relative to `root`, and contents) and other words, such as a version. */
export function hashOf(root, paths, words = []) {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const path of paths) {
    for (const file of filesBelow(join(root, path))) {
      const content = readFileSync(file);
      hash.update(`\n${relative(root, file)} ${content.length}\n`).update(content);
    }
  }
  return hash.digest('hex');
}

export function stampMatches(stamp, hash) {
  try {
    return readFileSync(stamp, 'utf8') === hash;
  } catch {
    return false; // never built
  }
}

export function writeStamp(stamp, hash) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}
