import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type Dataset, openDataset } from '../../../src/datasets/dataset.js';
import type { QaRecord } from '../../../src/records/record.js';
import { writeRecordShards } from '../../support/record-shards.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const record = (answer: string): QaRecord => ({ qid: 'q', question: 'Why?', answer, model: 'm', lang: 'eng' });

async function twoRecords(): Promise<Dataset> {
  return openDataset(await writeRecordShards(temporaryFolder(), [[record('a'), record('b')]]));
}

const recordFile = ({ dir, manifest }: Dataset): string => join(dir, manifest.shards[0]!.records.file);

describe('RecordLookup', () => {
  it('detects a change of the file', async () => {
    const dataset = await twoRecords();
    const lookup = await dataset.openRecords();
    truncateSync(recordFile(dataset), 90);
    expect(await lookup.read(0)).toEqual(record('a'));
    await expect(lookup.read(1)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('row 1') as string,
    });
    await lookup.close();
  });

  it('rejects a file that is not that of its manifest', async () => {
    const dataset = await twoRecords();
    appendFileSync(recordFile(dataset), `${JSON.stringify(record('c'))}\n`);
    await expect(dataset.openRecords()).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
