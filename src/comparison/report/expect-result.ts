/**
 * Checks results that a caller passes to a report, which may come from a file. Returns copies, so that the report
 * writes what was checked.
 */
import {
  expectArray,
  expectBoolean,
  expectInRange,
  expectInteger,
  expectObject,
  expectString,
  fail,
} from '../../core/validate.js';
import type { ComparisonMatrix } from '../compare-all.js';
import type { Comparison } from '../compare-answers.js';

/** A function that checks a value and returns it or a copy of it, or the fields of an object. */
type Shape = ((value: unknown, name: string) => unknown) | { readonly [field: string]: Shape };

const finite: Shape = (value, name) => expectInRange(value, name, -Number.MAX_VALUE, Number.MAX_VALUE);
const count: Shape = (value, name) => expectInteger(value, name, 0);
const text: Shape = expectString;
const flag: Shape = expectBoolean;

function orNull(shape: Shape): Shape {
  return (value, name) => (value === null ? null : expectShape(value, name, shape));
}

function listOf(shape: Shape, length?: number): Shape {
  return (value, name) => {
    const list: unknown[] = [];
    expectArray(value, name, (entry, entryName) => list.push(expectShape(entry, entryName, shape)));
    if (length !== undefined && list.length !== length)
      fail('ERR_SHAPE_MISMATCH', `an array of length ${length}`, name, list);
    return list;
  };
}

function expectShape(value: unknown, name: string, shape: Shape): unknown {
  if (typeof shape === 'function') return shape(value, name);
  const given = expectObject(value, name);
  return Object.fromEntries(
    Object.entries(shape).map(([field, own]) => [field, expectShape(given[field], `${name}.${field}`, own)]),
  );
}

const interval = orNull({ low: finite, high: finite });

const PAIR_TEST = {
  names: listOf(text, 2),
  questions: count,
  answers: count,
  difference: {
    distance: finite,
    interval,
    share: finite,
    p: finite,
    draws: count,
    sufficient: { questions: orNull(count), power: finite, alpha: finite },
  },
  classifier: { classifier: text, accuracy: finite, interval },
} as const satisfies Shape;

const COMPARISON: Shape = {
  ...PAIR_TEST,
  sharesLanguage: flag,
  hasSamples: flag,
  questionDifferences: listOf({
    qid: text,
    question: text,
    samples: count,
    apart: finite,
    within: orNull(finite),
    excess: orNull(finite),
    p: orNull(finite),
    adjustedP: orNull(finite),
    answers: listOf(text, 2),
  }),
  phrases: listOf(
    listOf({
      phrase: text,
      z: finite,
      answers: listOf(count, 2),
      example: { before: text, match: text, after: text },
    }),
    2,
  ),
};

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH` */
export function expectComparison(value: unknown, name: string): Comparison {
  return expectShape(value, name, COMPARISON) as Comparison;
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH` */
export function expectMatrix(value: unknown, name: string): ComparisonMatrix {
  const { names } = expectShape(value, name, { names: listOf(text) }) as ComparisonMatrix;
  const items = names.length;
  const position: Shape = (entry, entryName) => expectInteger(entry, entryName, 0, items - 1);
  const matrix = expectShape(value, name, {
    names: listOf(text, items),
    pairs: listOf({ ...PAIR_TEST, sides: listOf(position, 2), adjustedP: finite }),
    missing: listOf(listOf(position, 2)),
    order: listOf(position, items),
    merges: listOf({ clusters: listOf(count, 2), height: finite }, Math.max(0, items - 1)),
  }) as ComparisonMatrix;
  if (new Set(matrix.order).size < items) fail('ERR_ARG_RANGE', 'every position once', `${name}.order`, matrix.order);
  matrix.merges.forEach(({ clusters }, i) => {
    for (const cluster of clusters) expectInteger(cluster, `${name}.merges[${i}].clusters`, 0, items + i - 1);
  });
  return matrix;
}
