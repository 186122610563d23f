import { describe, expect, it } from 'vitest';
import { labelRows } from '../../../../src/core/row-labels.js';
import { allowedRows } from '../../../../src/search/filters/row-filter.js';
import {
  addMatchingRows,
  expectKnownNames,
  filterKey,
  type ValueFilter,
} from '../../../../src/search/filters/value-filter.js';

const VALUE_IDS = ['a$eng', 'b$eng', 'a$zho', 'b$eng', 'c$x$eng', 'a$eng', 'a$zho', 'b$deu', 'a$eng'];
const labels = labelRows(VALUE_IDS);

function rowsOf(filter: ValueFilter, first = 0, end = VALUE_IDS.length): number[] {
  const bits = new Uint8Array(2);
  const count = addMatchingRows(bits, filter, labels, first, end);
  const rows = [...allowedRows(bits, VALUE_IDS.length)];
  expect(count).toBe(rows.length);
  return rows;
}

describe('addMatchingRows', () => {
  it.each<[ValueFilter, number[]]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    [{ model: 'a' }, [0, 2, 5, 6, 8]],
    [{ lang: ['zho', 'deu'] }, [2, 6, 7]],
    [{ lang: ['Chinese', 'de'] }, [2, 6, 7]],
    [{ model: ['a', 'b'], lang: 'eng' }, [0, 1, 3, 5, 8]],
    [{ model: 'c$x' }, [4]],
    [{ valueId: ['b$deu', 'a$zho'] }, [2, 6, 7]],
    [{ valueId: 'b$deu', model: 'a' }, []],
    [{ model: [] }, []],
  ])('accepts the rows that match every field: %j', (filter, rows) => {
    expect(rowsOf(filter)).toEqual(rows);
  });

  it('checks only the requested rows', () => {
    expect(rowsOf({ model: 'a' }, 2, 8)).toEqual([2, 5, 6]);
  });
});

describe('filterKey', () => {
  it('is equal only for equivalent filters', () => {
    expect(filterKey({ model: ['b', 'a', 'b'] })).toBe(filterKey({ model: ['a', 'b'], lang: undefined }));
    expect(filterKey({ model: 'a' })).toBe(filterKey({ model: ['a'] }));
    const keys = [
      {},
      { model: 'a' },
      { lang: 'a' },
      { valueId: 'a' },
      { model: [] },
      { model: ['a', 'b'] },
      { model: 'a,b' },
    ].map(filterKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('expectKnownNames', () => {
  const ids = [
    'gpt-4$eng',
    'gpt-4o$eng',
    'gpt-4o-mini$deu',
    'gemma-2-9b-it$eng',
    'llama-3-8b$eng',
    'qwen2$zho',
    'mixtral$fra',
  ];

  it('accepts names that value ids have', () => {
    expectKnownNames({ model: ['gpt-4', 'qwen2'], lang: 'fra', valueId: 'qwen2$zho' }, ids);
  });

  it.each<[ValueFilter, RegExp]>([
    [
      { model: ['gpt-4', 'GPT-4O'] },
      /"filter\.model", got "GPT-4O"; known names are "gpt-4o", "gpt-4", "gpt-4o-mini", .* and 2 more$/,
    ],
    [{ model: 'gemma' }, /known names are "gemma-2-9b-it", /],
    [{ model: 'lama-3-8b' }, /known names are "llama-3-8b", /],
    [{ lang: 'Elvish' }, /"filter\.lang", got "Elvish"; known names are ("\w{3}"(, |$)){4}/],
    [{ valueId: 'gpt-4' }, /"filter\.valueId", got "gpt-4"; known names are "gpt-4\$eng", /],
    [{ model: '' }, /"filter\.model"/],
  ])('reports the field of an unknown name, and similar names: %j', (filter, message) => {
    expect(() => expectKnownNames(filter, ids)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE', message: expect.stringMatching(message) as string }) as Error,
    );
  });
});
