import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/core/random.js';
import { projectSchema } from '../../../../src/generation/project-schema.js';
import type { QuestionRecord } from '../../../../src/generation/records.js';
import { dropIllFormed, dropNearDuplicates, questionFault } from '../../../../src/generation/stages/filter.js';

const filter = projectSchema.shape.filter.parse(undefined);
const recordOf = (question: string, i: number): QuestionRecord => ({
  id: `q${i}`,
  valueId: 'v',
  value: 'V',
  scenario: 's',
  question,
});

describe('questionFault', () => {
  it.each([
    ['Should the person tell the truth about it?', undefined],
    ['Is “yes” the right answer in this case?”', undefined],
    ['', 'empty'],
    ['Should they?', 'too short'],
    ['The person should tell the truth about it.', 'no question'],
    ['I cannot write such a question, is that all right?', 'refusal'],
    ['Should [name] tell the truth about it?', 'placeholder'],
    [`Should ${'very '.repeat(200)}?`, 'too long'],
  ])('%j: %s', (question, fault) => {
    expect(questionFault(question, filter)).toBe(fault);
  });
});

it('drops a repeated question as repeated', () => {
  const question = 'Should the person tell the truth about it?';
  const { records, rejects } = dropIllFormed(
    [recordOf(question, 1), recordOf(question, 1), recordOf('No.', 2)],
    filter,
  );
  expect(records.map(({ id }) => id)).toEqual(['q1']);
  expect(rejects.map(({ reason }) => reason)).toEqual(['repeated', 'too short']);
});

describe('dropNearDuplicates', () => {
  const dim = 8;

  /** Selects greedily by all pairs. */
  function expected(vectors: Float32Array, rows: number, similarity: number): number[] {
    const kept: number[] = [];
    const cosine = (a: number, b: number): number => {
      let [product, squaresOfA, squaresOfB] = [0, 0, 0];
      for (let i = 0; i < dim; i++) {
        product += vectors[a * dim + i]! * vectors[b * dim + i]!;
        squaresOfA += vectors[a * dim + i]! ** 2;
        squaresOfB += vectors[b * dim + i]! ** 2;
      }
      return product / Math.sqrt(squaresOfA * squaresOfB);
    };
    for (let row = 0; row < rows; row++) if (!kept.some((other) => cosine(row, other) >= similarity)) kept.push(row);
    return kept;
  }

  it.each([
    { rows: 1, centres: 1, noise: 0 },
    { rows: 2, centres: 1, noise: 0.001 },
    { rows: 200, centres: 150, noise: 0.2 },
    // More near-duplicates than checked neighbours.
    { rows: 300, centres: 3, noise: 0.001 },
    { rows: 300, centres: 3, noise: 0.15 },
  ])(
    'keeps the same rows as a comparison of all pairs: $rows rows around $centres points',
    async ({ rows, centres, noise }) => {
      const random = new SeededRandom(rows + centres);
      const middle = Array.from({ length: centres * dim }, () => random.next() - 0.5);
      const vectors = Float32Array.from(
        { length: rows * dim },
        (_, i) => middle[(Math.floor(i / dim) % centres) * dim + (i % dim)]! + noise * (random.next() - 0.5),
      );
      const records = Array.from({ length: rows }, (_, i) => recordOf(`Question ${i}?`, i));
      const { records: kept, rejects } = await dropNearDuplicates(records, vectors, dim, 0.97);
      const wanted = expected(vectors, rows, 0.97);
      expect(kept.map(({ id }) => id)).toEqual(wanted.map((row) => `q${row}`));
      expect(rejects).toHaveLength(rows - wanted.length);
    },
  );
});
