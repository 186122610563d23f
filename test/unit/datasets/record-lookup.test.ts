import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Dataset, openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../src/datasets/dataset-writer.js';
import { RecordLookup } from '../../../src/datasets/record-lookup.js';
import type { QaRecord } from '../../../src/records/record.js';
import { arbitraryRecord } from '../../support/records.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ROWS_PER_SHARD = 7;

async function writeDataset(records: readonly QaRecord[], dir = temporaryFolder()): Promise<string> {
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: 1 }, overwrite: true });
  for (let row = 0; row < records.length; row += ROWS_PER_SHARD) {
    const shard = records.slice(row, row + ROWS_PER_SHARD);
    await writer.append(shard, new Float32Array(shard.length));
  }
  await writer.finish();
  return dir;
}

const recordFile = ({ dir, manifest }: Dataset): string => join(dir, manifest.shards[0]!.records.file);

const record = (answer: string): QaRecord => ({ qid: 'q', question: 'Why?', answer, model: 'm', lang: 'eng' });

describe('RecordLookup', () => {
  it('reads any record by its row, and all of them at first', async () => {
    const dir = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRecord, { minLength: 1, maxLength: 20 }), async (records) => {
        const seen: QaRecord[] = [];
        const lookup = await RecordLookup.open(await openDataset(await writeDataset(records, dir)), (each) =>
          seen.push(each),
        );
        expect(seen).toEqual(records);
        for (let row = records.length - 1; row >= 0; row--) expect(await lookup.read(row)).toEqual(records[row]);
        await lookup.close();
      }),
      { numRuns: 30 },
    );
  });

  it('notices that the file was changed beneath it', async () => {
    const dataset = await openDataset(await writeDataset([record('a'), record('b')]));
    const lookup = await RecordLookup.open(dataset, () => undefined);
    truncateSync(recordFile(dataset), 90);
    expect(await lookup.read(0)).toEqual(record('a'));
    await expect(lookup.read(1)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('row 1') as string,
    });
    await lookup.close();
  });

  it('refuses a file that is not that of its manifest', async () => {
    const dir = await writeDataset([record('a'), record('b')]);
    const dataset = await openDataset(dir);
    appendFileSync(recordFile(dataset), `${JSON.stringify(record('c'))}\n`);
    await expect(RecordLookup.open(dataset, () => undefined)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
