import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';

import { openParquet } from '../../../../src/records/formats/parquet-reader.js';
import type { RawRow } from '../../../../src/records/formats/raw-row.js';
import { seededRandom } from '../../../support/random.js';
import { toParquet } from '../../../support/records.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const RECORDS = Array.from({ length: 7 }, (_, i) => ({
  qid: `q${i}`,
  question: 'Why?',
  answer: 'Because.',
  model: 'm',
  lang: 'eng',
}));

function write(bytes: Buffer): { path: string; bytes: number } {
  const path = join(temporaryFolder(), 'a.parquet');
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length };
}

async function rowsOf(bytes: Buffer, wanted: string[], signal?: AbortSignal, limitMs?: number): Promise<RawRow[][]> {
  const file = write(bytes);
  const blocks: RawRow[][] = [];
  for await (const block of openParquet(file.path, file.bytes, wanted, signal, limitMs).blocks) blocks.push(block);
  return blocks;
}

describe('openParquet', () => {
  it('returns the requested columns, one row group at a time, with numbered rows', async () => {
    const blocks = await rowsOf(toParquet(RECORDS, 3), ['qid', 'group']);
    expect(blocks.map((block) => block.map(({ line, cells }) => [line, cells]))).toEqual(
      [[0, 1, 2], [3, 4, 5], [6]].map((group) => group.map((i) => [i + 1, { qid: `q${i}` }])),
    );
  });

  it('reports all columns and its progress', async () => {
    const file = write(toParquet(RECORDS, 4));
    const source = openParquet(file.path, file.bytes, ['qid']);
    const seen: unknown[] = [];
    for await (const { length } of source.blocks) seen.push([length, source.columns, source.progress()]);
    expect(seen).toEqual(
      [
        [4, 4 / 7],
        [3, 1],
      ].map(([rows, share]) => [rows, Object.keys(RECORDS[0]!), share]),
    );
  });

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = Buffer.from(
      parquetWriteBuffer({
        columnData: [{ name: 'answer', data: ['plain', 'Xx'], type: 'STRING' }],
        codec: 'UNCOMPRESSED',
        statistics: false,
      }),
    );
    bytes[bytes.indexOf('Xx')] = 0xff;
    const [block] = await rowsOf(bytes, ['answer']);
    expect(block!.map(({ cells }) => cells)).toEqual([{ answer: 'plain' }, { answer: Uint8Array.of(0xff, 0x78) }]);
  });

  it('ends with an EngineError or with rows for any damaged byte', async () => {
    const whole = toParquet(RECORDS);
    const random = seededRandom(3);
    for (let i = 0; i < 12; i++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor(random() * whole.length);
      bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
      await rowsOf(bytes, Object.keys(RECORDS[0]!), undefined, 3000).catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'ERR_DATA' }),
      );
    }
  });

  it('stops a decoder that does not end', async () => {
    await expect(rowsOf(toParquet(RECORDS), ['qid'], undefined, 1)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/a\.parquet is .* damaged: decoding did not end within 1 s/) as string,
    });
  });

  it('can be aborted during decoding', async () => {
    const controller = new AbortController();
    const reading = rowsOf(toParquet(RECORDS), ['qid'], controller.signal);
    setTimeout(() => controller.abort(), 1);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
