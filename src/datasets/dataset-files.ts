import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { withFileErrors } from '../core/file-errors.js';
import { syncFolder, writeDurably } from '../core/positioned-io.js';
import { JOURNAL_FILE } from './journal.js';
import { columnFile, type DatasetManifest, MANIFEST_FILE, PARTIAL, readManifest, SINGLE_FILES } from './manifest.js';

/** Lock held by the process that writes shards or the manifest. */
export const WRITER_LOCK = '.lock';
/** Folders of shards, and folders in which other machines leave their results (see src/queue). */
const OWN_FOLDER = /^(shards|work)-([0-9a-f]{8}(-2)?)$/;
/** Complete and partial files that dataset folders of version 1 can hold. */
const FORMER_FILES = [...Object.values(SINGLE_FILES), columnFile(SINGLE_FILES.records)];
const FORMER_PARTIALS = Object.values(SINGLE_FILES).map((name) => name + PARTIAL);

/**
 * Replaces the manifest of the folder atomically, then removes all files that it does not name.
 *
 * @param folder folder of the new shards. Their contents are on disk, but perhaps not yet their directory entries
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

/** Returns the SHA-256 of the manifest. */
export async function manifestSum(dir: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(dir, MANIFEST_FILE)))
    .digest('hex');
}

/** Chooses a name for a folder of shards: the same for equal `contents`, unless the existing dataset uses that name. */
export async function newShardFolder(dir: string, contents: unknown): Promise<string> {
  const name = `shards-${createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 8)}`;
  return (await isInUse(dir, name)) ? `${name}-2` : name;
}

/** Checks whether the manifest of a complete dataset names files in a folder. */
export async function isInUse(dir: string, folder: string): Promise<boolean> {
  return (await filesInUse(dir)).some((file) => file.startsWith(`${folder}/`));
}

/** Lists the files of a complete dataset, including value-id columns that its manifest does not name. */
async function filesInUse(dir: string): Promise<string[]> {
  const manifest = await readManifest(dir).catch(() => undefined); // a damaged manifest is about to be replaced
  const shards = manifest?.shards ?? [];
  return shards.flatMap(({ embeddings, records }) => [embeddings.file, records.file, columnFile(records.file)]);
}

/**
 * Removes the journal, and all files that the manifest does not name and that do not belong to the shards in the folder
 * `kept`: leftovers of a killed writer, or of a replaced dataset.
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

/** Returns the work folder that belongs to the shard folder `shards-...`. */
export function workFolderOf(folder: string): string {
  return folder.replace(/^shards-/, 'work-');
}
