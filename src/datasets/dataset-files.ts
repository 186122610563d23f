import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { withFileErrors } from '../core/file-errors.js';
import { syncFolder, writeDurably } from '../core/positioned-io.js';
import { JOURNAL_FILE } from './journal.js';
import { columnFile, type DatasetManifest, MANIFEST_FILE, PARTIAL, readManifest, SINGLE_FILES } from './manifest.js';

/** Held by whoever writes shards or the manifest. */
export const WRITER_LOCK = '.lock';
/** Folders of shards, and those in which other machines leave their part of the work (see src/queue). */
const OWN_FOLDER = /^(shards|work)-([0-9a-f]{8}(-2)?)$/;
/** The complete files that dataset folders of version 1 may hold, and the others. */
const FORMER_FILES = [...Object.values(SINGLE_FILES), columnFile(SINGLE_FILES.records)];
const FORMER_PARTIALS = Object.values(SINGLE_FILES).map((name) => name + PARTIAL);

/**
 * Makes the manifest that of the folder, all at once; afterwards removes what it does not name.
 *
 * @param folder of the shards that are new; they are on the disk, but perhaps not their names
 * @throws EngineError `ERR_IO`
 */
export async function publishManifest(dir: string, manifest: DatasetManifest, folder: string): Promise<void> {
  const path = join(dir, MANIFEST_FILE);
  await withFileErrors(`write ${path}`, async () => {
    await syncFolder(join(dir, folder));
    await writeDurably(path + PARTIAL, `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(path + PARTIAL, path);
    await syncFolder(dir);
    await clear(dir);
  });
}

/** SHA-256 of the manifest. */
export async function manifestSum(dir: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(dir, MANIFEST_FILE)))
    .digest('hex');
}

/** Name of a folder of shards: the same for equal `contents`, unless the dataset that is there uses that name. */
export async function newShardFolder(dir: string, contents: unknown): Promise<string> {
  const name = `shards-${createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 8)}`;
  return (await isInUse(dir, name)) ? `${name}-2` : name;
}

/** Whether the manifest of a complete dataset names files of a folder. */
export async function isInUse(dir: string, folder: string): Promise<boolean> {
  return (await filesInUse(dir)).some((file) => file.startsWith(`${folder}/`));
}

/** Paths within the folder that belong to a complete dataset, also of columns that its manifest does not name. */
async function filesInUse(dir: string): Promise<string[]> {
  const manifest = await readManifest(dir).catch(() => undefined); // a damaged one is being replaced
  const shards = manifest?.shards ?? [];
  return shards.flatMap(({ embeddings, records }) => [embeddings.file, records.file, columnFile(records.file)]);
}

/**
 * Removes the journal and everything that neither the manifest names nor belongs to the shards in the folder `kept`:
 * what a writer left that was killed, or a dataset that was replaced.
 */
export async function clear(dir: string, kept?: string): Promise<void> {
  const used = new Set(await filesInUse(dir));
  for (const name of [JOURNAL_FILE, ...FORMER_PARTIALS]) await rm(join(dir, name), { force: true });
  if (used.size > 0) for (const name of FORMER_FILES) if (!used.has(name)) await rm(join(dir, name), { force: true });
  for (const folder of await readdir(dir)) {
    if (!OWN_FOLDER.test(folder) || (kept !== undefined && workFolderOf(folder) === workFolderOf(kept))) continue;
    const files = await readdir(join(dir, folder));
    const gone = files.filter((file) => !used.has(`${folder}/${file}`));
    for (const file of gone) await rm(join(dir, folder, file), { recursive: true, force: true });
    if (gone.length === files.length) await rm(join(dir, folder), { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The folder of the work that shards of the folder `shards-...` are made from. */
export function workFolderOf(folder: string): string {
  return folder.replace(/^shards-/, 'work-');
}
