import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Reads the files of a folder and its subfolders, by path. */
export function bytesOf(dir: string): Record<string, Buffer> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = entries.map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name))]));
}
