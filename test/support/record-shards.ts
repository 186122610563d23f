import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import type { QaRecord } from '../../src/records/record.js';

/** Writes a dataset with these records as its shards and meaningless embeddings, and returns the folder. */
export async function writeRecordShards(dir: string, shards: readonly (readonly QaRecord[])[]): Promise<string> {
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: 1 }, overwrite: true });
  for (const records of shards) await writer.append(records, new Float32Array(records.length));
  await writer.finish();
  return dir;
}

/** Returns the paths of the value-id columns in a dataset folder. */
export function columnFiles(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ids')).sort();
}

/** Turns the folder into one of a release without value-id columns. */
export function withoutColumns(dir: string): void {
  forgetColumns(dir);
  for (const file of columnFiles(dir)) rmSync(join(dir, file));
}

/** Removes the value-id columns from the manifest, as in a folder of such a release that was read later. */
export function forgetColumns(dir: string): void {
  const path = join(dir, 'manifest.json');
  const { shards, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as { shards: Record<string, unknown>[] };
  const old = shards.map((shard) => ({ ...shard, valueIds: undefined }));
  writeFileSync(path, `${JSON.stringify({ ...rest, shards: old }, null, 2)}\n`);
}
