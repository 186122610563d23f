import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { openDataset } from '../../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../../src/datasets/dataset-writer.js';
import { TextTable } from '../../../../src/datasets/text-table.js';
import { embedRecords } from '../../../../src/pipeline/embed/embed-records.js';
import type { EncodedShard } from '../../../../src/pipeline/embed/shard-encoder.js';
import type { PlannedShard } from '../../../../src/pipeline/embed/shards.js';
import type { QaRecord } from '../../../../src/records/record.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const ROWS = 20;
const records = Array.from({ length: ROWS }, (_, i): QaRecord => {
  return { qid: `q${i}`, question: 'Why?', answer: `Answer ${i}`, model: 'm', lang: 'eng' };
});
const DEPTH = 3;

/**
 * Embeds the records in shards of two rows, with a fake encoder whose vectors are the row numbers.
 *
 * @param before runs before a shard is encoded
 */
async function embed(
  dir: string,
  before: (shard: PlannedShard) => Promise<void>,
  onProgress: (rows: number) => void = () => undefined,
): Promise<void> {
  const table = new TextTable();
  records.forEach((record, row) => table.add(record, row));
  async function* batches() {
    await Promise.resolve();
    yield { records, file: 'a.jsonl', rejected: [], progress: 1 };
  }
  const encode = async (shard: PlannedShard, report: (texts: number) => void): Promise<EncodedShard> => {
    await before(shard);
    report(shard.fresh.length);
    return { embeddings: Float32Array.from(shard.records, (_, i) => shard.first + i), tokens: 2 };
  };
  await using writer = await DatasetWriter.open(dir, { encoder: { name: 'fake', fingerprint: 'f', dim: 1 } });
  const encoder = { depth: DEPTH, encode };
  await embedRecords({
    writer,
    batches: batches(),
    baseRows: 0,
    rows: ROWS,
    dim: 1,
    table,
    encoder,
    shardRows: 2,
    onProgress,
  });
  await writer.finish();
}

describe('embedRecords', () => {
  it('writes shards in order and reports growing progress, whichever shard is encoded first', async () => {
    const dir = temporaryFolder();
    const progress: number[] = [];
    let encoding = 0;
    let most = 0;
    const before = async ({ number }: PlannedShard): Promise<void> => {
      most = Math.max(most, ++encoding);
      await sleep(number % 3 === 0 ? 6 : 1);
      encoding--;
    };
    await embed(dir, before, (rows) => progress.push(rows));
    expect([...(await (await openDataset(dir)).readEmbeddings())]).toEqual([...Array(ROWS).keys()]);
    expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(ROWS);
    expect(most).toBe(DEPTH);
  });

  it('waits for the other shards in the encoder before it reports a failure', async () => {
    let running = 0;
    const before = async ({ number }: PlannedShard): Promise<void> => {
      running++;
      await sleep(number === 1 ? 1 : 10);
      running--;
      if (number === 1) throw new Error('no more');
    };
    await expect(embed(temporaryFolder(), before)).rejects.toThrow('no more');
    expect(running).toBe(0);
  });
});
