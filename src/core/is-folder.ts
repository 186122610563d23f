import { statSync } from 'node:fs';

/** Whether there is a folder of this name, as far as this process can see. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // too long a name, or no permission: who reads it gets the reason
  }
}
