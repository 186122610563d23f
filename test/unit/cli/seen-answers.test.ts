import { expect, it } from 'vitest';

import { warnAboutSeenAnswers } from '../../../src/cli/seen-answers.js';

function lines(sampled: number, seen: number): string[] {
  const logged: string[] = [];
  warnAboutSeenAnswers({ encoder: 'univar-base', sampled, seen }, { log: (text) => void logged.push(text) });
  return logged;
}

it('warns about answers that the encoder was trained on, but not about a coincidence or an empty sample', () => {
  expect(lines(1000, 11)).toEqual([
    expect.stringMatching(/^note: 11 of 1,000 sampled answers were in the training data of univar-base; accuracy/),
  ]);
  expect(lines(1000, 10)).toEqual([]);
  expect(lines(0, 0)).toEqual([]);
});
