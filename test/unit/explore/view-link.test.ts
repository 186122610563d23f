import { describe, expect, it } from 'vitest';

import { decodeView, encodeView } from '../../../src/explore/page/view-link.js';

const fragmentOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the link of a view', () => {
  it('restores the view', () => {
    const view = {
      colour: 'lang',
      categories: { model: ['gpt-4', 'model-ü$'] },
      ranges: { length: [10, 200.5] as [number, number] },
      colourRange: [0.25, 1] as [number, number],
      search: '"自由" -x*',
      polygon: [0, 0, 1.5, 0, 1, -2],
      camera: [1, -2, 3] as [number, number, number],
    };
    const link = encodeView(view);
    expect(link).toMatch(/^[\w-]+$/);
    expect(decodeView(`#${link}`)).toEqual(view);
  });

  it.each([
    ['nothing', ''],
    ['text', '#hello%20world'],
    ['a list', fragmentOf([1])],
    ['null', fragmentOf(null)],
    [
      'wrong types',
      fragmentOf({
        colour: 1,
        colourRange: [0, '1'],
        search: {},
        polygon: [1, 'x'],
        camera: [0, 0, 0],
        categories: [1],
        ranges: { a: [1] },
      }),
    ],
  ])('leaves out what does not fit: %s', (_, fragment) => {
    const { categories, ranges, ...rest } = decodeView(fragment);
    expect([categories ?? {}, ranges ?? {}, rest]).toEqual([{}, {}, {}]);
  });
});
