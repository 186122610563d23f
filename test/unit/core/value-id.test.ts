import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { splitValueId } from '../../../src/core/value-id.js';
import { valueId } from '../../../src/records/record.js';

describe('splitValueId', () => {
  it('reverses valueId, also for models with a dollar sign', () => {
    const lang = fc.string().filter((text) => !text.includes('$'));
    fc.assert(
      fc.property(fc.string(), lang, (model, code) => {
        expect(splitValueId(valueId({ model, lang: code }))).toEqual({ model, lang: code });
      }),
    );
  });

  it('treats a text without a dollar sign as a model', () => {
    expect(splitValueId('gpt-4')).toEqual({ model: 'gpt-4', lang: '' });
  });
});
