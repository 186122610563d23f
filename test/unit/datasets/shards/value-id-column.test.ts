import { crc32 } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import {
  ColumnBuilder,
  encodeColumn,
  parseColumn,
  type ValueIdColumn,
} from '../../../../src/datasets/shards/value-id-column.js';

const RECORDS = { bytes: 100, sha256: 'ab' };

function columnOf(ids: readonly (readonly [model: string, end: number])[]): ValueIdColumn {
  const builder = new ColumnBuilder();
  for (const [model, end] of ids) builder.add({ model, lang: 'eng' }, end);
  return builder.build();
}

const THREE = columnOf([
  ['b', 20],
  ['a', 50],
  ['b', 100],
]);

/** Returns the bytes with one text or array changed, and a matching checksum. */
function forge(bytes: Buffer, change: (bytes: Buffer) => void): Buffer {
  const forged = Buffer.from(bytes);
  change(forged);
  forged.writeUInt32LE(crc32(forged.subarray(12)), 8);
  return forged;
}

describe('the value-id column of a shard', () => {
  it.each([
    ['no rows', []],
    ['positions of one byte', [['m', 255]]],
    ['positions of two bytes', [['m', 256]]],
    ['positions of four bytes', [['m', 2 ** 16]]],
    [
      'positions beyond 4 GiB',
      [
        ['m', 10],
        ['n', 2 ** 32],
        ['m', 2 ** 40 + 1],
      ],
    ], // prettier-ignore
    ['257 value ids', Array.from({ length: 257 }, (_, i) => [`m${i}`, i + 1] as const)],
  ] as [string, [string, number][]][])('is restored from its bytes with %s', (_, ids) => {
    const column = columnOf(ids);
    expect(column.names).toEqual(
      ids
        .map(([model]) => `${model}$eng`)
        .sort()
        .filter((id, i, all) => id !== all[i - 1]),
    ); // prettier-ignore
    const shard = { rows: ids.length, records: { bytes: ids.at(-1)?.[1] ?? 0, sha256: 'ab' } };
    expect(parseColumn(encodeColumn(column, shard.records), shard)).toEqual(column);
  });

  it('is rejected if any byte has changed, or bytes are missing', () => {
    const bytes = encodeColumn(THREE, RECORDS);
    const shard = { rows: 3, records: RECORDS };
    expect(parseColumn(bytes, shard)).toEqual(THREE);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(parseColumn(changed, shard), `byte ${at} changed`).toBeUndefined();
      expect(parseColumn(bytes.subarray(0, at), shard), `cut at ${at}`).toBeUndefined();
    }
  });

  it('is rejected for other records, or if it contradicts itself', () => {
    const bytes = encodeColumn(THREE, RECORDS);
    const shard = { rows: 3, records: RECORDS };
    expect(parseColumn(bytes, { ...shard, rows: 2 })).toBeUndefined();
    expect(parseColumn(bytes, { ...shard, records: { ...RECORDS, sha256: 'ac' } })).toBeUndefined();
    expect(parseColumn(bytes, { ...shard, records: { ...RECORDS, bytes: 99 } })).toBeUndefined();
    const [end, label] = [bytes.length - 4, bytes.length - 1];
    const text = (from: string, to: string) => (all: Buffer) => void all.write(to, all.indexOf(from), 'latin1');
    expect(
      parseColumn(
        forge(bytes, (all) => (all[label] = 0)),
        shard,
      )?.labels,
    ).toEqual(Int32Array.of(1, 0, 0));
    for (const change of [
      (all: Buffer) => (all[label] = 2),
      (all: Buffer) => (all[end] = 50),
      text('a$eng', 'c$eng'),
      text('U8', 'X8'),
      text('{', '['),
    ])
      expect(parseColumn(forge(bytes, change), shard)).toBeUndefined();
  });
});
