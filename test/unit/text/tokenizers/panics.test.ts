import { describe, expect, it } from 'vitest';

import { refusePanics } from '../../../../src/text/tokenizers/panics.js';
import { Section } from '../../../../src/text/tokenizers/section.js';

/** An added token with the flags of the letters l, r (strip) and n (normalized). */
const token = (content: string, flags = ''): object => ({
  content,
  lstrip: flags.includes('l'),
  rstrip: flags.includes('r'),
  normalized: flags.includes('n'),
});
const check = (added: unknown, normalize = (text: string): string => text): void =>
  refusePanics(Section.parse(JSON.stringify({ added_tokens: added }), 't.json'), normalize);
const trimmed = (text: string): string => text.trim();

// Each list was tried with the package: it panics on those refused and on none of the others.
describe('refusePanics', () => {
  it.each<[string, object[]]>([
    ['white space before which a token takes all of it', [token('<a>', 'r'), token(' ', 'l')]],
    ['another kind of white space', [token('\u0085\u00a0', 'l'), token('x'), token('<a>', 'r')]],
    ['both in the normalised text', [token('<a>', 'rn'), token('\n', 'ln')]],
  ])('refuses %s', (_, added) => {
    expect(() => check(added)).toThrow(
      expect.objectContaining({
        code: 'ERR_DATA',
        message: expect.stringMatching(
          /^t\.json: expected false, because "<a>" has rstrip \(else .*\) for "added_tokens\[\d\]\.lstrip", got true$/,
        ) as string,
      }) as Error,
    );
  });

  it('refuses tokens that the normalizer removes, and looks at what it makes of others', () => {
    expect(() => check([token(' ', 'n')], trimmed)).toThrow(/for "added_tokens\[0\]\.content", got " "$/);
    const spaced = (text: string): string => text.replaceAll('_', ' ');
    expect(() => check([token('<a>', 'rn'), token('_', 'ln')], spaced)).toThrow(/added_tokens\[1\]\.lstrip/);
  });

  it.each<[string, object[] | undefined]>([
    ['no added tokens', undefined],
    ['white space that takes nothing before it', [token('<a>', 'r'), token('  ')]],
    ['white space that takes what is after it, too', [token('<a>', 'r'), token('  ', 'lr')]],
    ['a word that begins with white space', [token('<a>', 'r'), token(' b', 'l')]],
    ['what is no white space', [token('<a>', 'r'), token('\ufeff', 'l'), token('', 'l')]],
    ['one in the text, the other in the normalised text', [token('<a>', 'r'), token(' ', 'ln')]],
    ['a token that only a normalizer which is not asked would remove', [token(' ', 'l')]],
  ])('takes %s', (_, added) => {
    expect(() => check(added, added?.length === 1 ? trimmed : undefined)).not.toThrow();
  });
});
