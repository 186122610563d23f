import { expect, it } from 'vitest';

import { canTranslate, thereAndBack } from '../../../../bench/evidence/style/there-and-back.js';
import { contentWords, functionWords, shuffledWords } from '../../../../bench/evidence/style/words.js';

const TEXT = "**No**, I don't think that taxes are theft;\nthey pay for schools.";

it('splits words into content and grammar', () => {
  expect(contentWords(TEXT)).toBe('think taxes theft pay schools');
  expect(functionWords(TEXT)).toBe("No , I don ' t that are ; they for .");
});

it('keeps every word when it shuffles them, equally for an equal seed', () => {
  const shuffled = shuffledWords(TEXT, 3);
  expect(shuffled.split(' ').sort()).toEqual(
    'No I don t think that taxes are theft they pay for schools'.split(' ').sort(),
  );
  expect(shuffledWords(TEXT, 3)).toBe(shuffled);
  expect(shuffledWords(TEXT, 4)).not.toBe(shuffled);
});

it.skipIf(!canTranslate())('gives every text its own translation (skipped without Apertium)', async () => {
  const texts = ['The dog sleeps.', 'Taxes are high!\nVery high.', 'A house', '90817264'];
  const back = await thereAndBack(texts, () => undefined);
  expect(back.map((text) => /dog|axes|house|90817264/.exec(text)?.[0])).toEqual(['dog', 'axes', 'house', '90817264']);
});
