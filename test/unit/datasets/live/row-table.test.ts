import { describe, expect, it } from 'vitest';

import { labelRows } from '../../../../src/core/row-labels.js';
import { RowTable } from '../../../../src/datasets/live/row-table.js';

describe('RowTable', () => {
  it('takes pieces of any size with names of their own, and single rows after them', () => {
    const ids = Array.from({ length: 5000 }, (_, i) => `m${(i * 7) % 11}`);
    const table = new RowTable();
    for (const piece of [ids.slice(0, 3), [], ids.slice(3)]) table.appendAll(labelRows(piece));
    table.append('m0');
    table.append('new');
    expect(table.rows).toBe(5002);
    expect(Array.from(table.labels.subarray(0, table.rows), (label) => table.names[label])).toEqual([
      ...ids,
      'm0',
      'new',
    ]);
    expect([table.isAlive(5001), table.isAlive(5002)]).toEqual([true, false]);
  });
});
