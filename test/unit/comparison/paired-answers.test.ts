import { describe, expect, it } from 'vitest';

import { compareAnswers } from '../../../src/comparison/compare-answers.js';
import { type AnswerSide, pairAnswers } from '../../../src/comparison/paired-answers.js';
import type { QaRecord } from '../../../src/records/record.js';
import { record } from '../../support/comparison-scene.js';

const sideOf = (name: string, records: QaRecord[]): AnswerSide => ({
  name,
  records,
  embeddings: Float32Array.from(records, (_, i) => i),
});
const pairsOf = (a: QaRecord[], b: QaRecord[], within?: 'lang' | 'model') =>
  pairAnswers([sideOf('a', a), sideOf('b', b)], { dim: 1, within });

describe('pairs of answers', () => {
  it('count as many answers to a question as the side with fewer has', () => {
    const { questions, answers, leftOut } = pairsOf(
      ['x', 'x', 'y', 'x', 'z'].map((qid) => record('a', qid)),
      ['y', 'x', 'x', 'w'].map((qid) => record('b', qid)),
    );
    expect(questions.map(({ rows }) => rows)).toEqual([
      [
        [0, 1],
        [1, 2],
      ],
      [[2], [0]],
    ]);
    expect({ answers, leftOut }).toEqual({ answers: 3, leftOut: [2, 1] });
  });

  it('have the same language if models are compared, and belong to one group', () => {
    const a = [record('a', 'x'), record('a', 'x', 'oui', { lang: 'fra' }), record('a', 'y')];
    const b = [record('b', 'x', 'oui', { lang: 'fra' }), record('b', 'y', 'ja', { lang: 'deu' })];
    const { questions, groups } = pairsOf(a, b, 'lang');
    expect(questions).toEqual([{ group: 0, rows: [[1], [0]] }]);
    expect(groups).toEqual(['x']);
  });

  it('keep the questions of a group together', () => {
    const rows = (model: string): QaRecord[] =>
      ['x', 'y', 'z'].map((qid) => record(model, qid, 'yes', { group: qid === 'z' ? 'other' : 'theme' }));
    const { questions, groups } = pairsOf(rows('a'), rows('b'));
    expect(groups).toEqual(['other', 'theme']);
    expect(questions.map(({ group }) => group)).toEqual([1, 1, 0]);
  });
});

describe('compareAnswers refuses', () => {
  const compare = (a: AnswerSide, b: AnswerSide) => compareAnswers(a, b, { dim: 1 });
  const two = (name: string): AnswerSide => sideOf(name, [record(name, 'x'), record(name, 'y')]);

  it.each([
    [
      'sides without common questions',
      two('a'),
      sideOf('b', [record('b', 'z')]),
      'ERR_DATA',
      'no question was answered by both: a has 2 answers to 2 questions, b has 1 answers to 1 questions',
    ],
    [
      'a single common question',
      two('a'),
      sideOf('b', [record('b', 'y')]),
      'ERR_DATA',
      'only one question was answered by both',
    ],
    ['a side without answers', two('a'), sideOf('b', []), 'ERR_DATA', 'b has 0 answers'],
    ['equal names', two('a'), two('a'), 'ERR_ARG_RANGE', 'Expected two different sides, got "a" twice'],
    [
      'NaN',
      two('a'),
      { ...two('b'), embeddings: Float32Array.of(0, NaN) },
      'ERR_NON_FINITE',
      '"b.embeddings", got NaN in row 1',
    ],
    [
      'vectors that do not fit',
      two('a'),
      { ...two('b'), embeddings: new Float32Array(3) },
      'ERR_SHAPE_MISMATCH',
      'Expected 3 records',
    ],
  ])('%s', async (_, a, b, code, message) => {
    await expect(compare(a, b)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });
});
