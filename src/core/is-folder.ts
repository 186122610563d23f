import { statSync } from 'node:fs';

/** Returns whether the path is a folder that this process can see. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // The name is too long or permission is missing. Reading the folder reports the reason.
  }
}
