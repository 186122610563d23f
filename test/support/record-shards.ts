import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import type { QaRecord } from '../../src/records/record.js';

/** Writes a dataset with these records as its shards, and embeddings that mean nothing; returns the folder. */
export async function writeRecordShards(dir: string, shards: readonly (readonly QaRecord[])[]): Promise<string> {
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: 1 }, overwrite: true });
  for (const records of shards) await writer.append(records, new Float32Array(records.length));
  await writer.finish();
  return dir;
}

/** Paths within a dataset folder of its value-id columns. */
export function columnFiles(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ids')).sort();
}

/** Makes the folder what a release wrote that knew no value-id columns. */
export function withoutColumns(dir: string): void {
  forgetColumns(dir);
  for (const file of columnFiles(dir)) rmSync(join(dir, file));
}

/** Takes the value-id columns out of the manifest, as in a folder of such a release that was read since. */
export function forgetColumns(dir: string): void {
  const path = join(dir, 'manifest.json');
  const { shards, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as { shards: Record<string, unknown>[] };
  const old = shards.map((shard) => ({ ...shard, valueIds: undefined }));
  writeFileSync(path, `${JSON.stringify({ ...rest, shards: old }, null, 2)}\n`);
}
