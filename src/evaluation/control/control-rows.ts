/** The rows of an evaluation with a control: both sides together, and the split of each. */
import { EngineError } from '../../core/errors.js';
import { expectStrings, fail } from '../../core/validate.js';
import { gatherRows } from '../../search/gather-rows.js';
import { type EvaluationOptions, expectLabelledEmbeddings, type LabelledEmbeddings, prepareRows } from '../prepare.js';
import type { Split } from '../splits.js';

/** Answers with vectors of an encoder that was trained on none of them. */
export interface ControlSide extends LabelledEmbeddings {
  /** [rows], the answers. */
  texts: readonly string[];
}

/** Answers to questions about values, and answers of the same models to other questions. */
export interface ControlData {
  /** Answers to questions about values. */
  values: ControlSide;
  /** Answers of the same authors to other questions. */
  control: ControlSide;
}

export type SideName = keyof ControlData;

/** Rows of both sides. */
export interface JoinedRows extends ControlSide {
  sides: SideName[];
}

/**
 * Joins the rows of both sides whose labels have at least `minPerId` rows on each. Questions of different sides are
 * different.
 */
export function joinSides(values: ControlSide, control: ControlSide, minPerId: number): JoinedRows {
  for (const [name, side] of Object.entries({ values, control })) {
    expectLabelledEmbeddings(side);
    const count = expectStrings(side.texts, `${name}.texts`).length;
    if (count !== side.labels.length)
      fail('ERR_SHAPE_MISMATCH', `${side.labels.length} texts, one per label,`, `${name}.texts`, side.texts);
  }
  if (control.dim !== values.dim) fail('ERR_SHAPE_MISMATCH', `${values.dim}`, 'control.dim', control.dim);
  const [first, second] = [frequentLabels(values, minPerId), frequentLabels(control, minPerId)];
  const shared = new Set([...first].filter((label) => second.has(label)));
  if (shared.size < 2) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two labels with ${minPerId} or more answers on both sides, got ${shared.size}: the first ` +
        `side has ${first.size}, the second ${second.size}`,
    );
  }
  const { dim } = values;
  const parts = Object.entries({ values, control }).map(([name, side]) => {
    const kept = Int32Array.from([...side.labels.keys()].filter((row) => shared.has(side.labels[row]!)));
    const pick = (column: readonly string[]): string[] => Array.from(kept, (row) => column[row]!);
    return {
      texts: pick(side.texts),
      labels: pick(side.labels),
      groups: pick(side.groups).map((group) => `${name} ${group}`),
      sides: new Array<SideName>(kept.length).fill(name as SideName),
      embeddings: gatherRows(side.embeddings, dim, kept),
    };
  });
  const embeddings = new Float32Array(parts.reduce((length, part) => length + part.embeddings.length, 0));
  let at = 0;
  for (const part of parts) {
    embeddings.set(part.embeddings, at);
    at += part.embeddings.length;
  }
  return {
    dim,
    embeddings,
    texts: parts.flatMap(({ texts }) => texts),
    labels: parts.flatMap(({ labels }) => labels),
    groups: parts.flatMap(({ groups }) => groups),
    sides: parts.flatMap(({ sides }) => sides),
  };
}

/** Returns the labels with at least `minPerId` rows. */
function frequentLabels({ labels }: ControlSide, minPerId: number): Set<string> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return new Set([...counts.keys()].filter((label) => counts.get(label)! >= minPerId));
}

/** Splits the rows of one side by question. */
export function splitSide(rows: JoinedRows, side: SideName, options: EvaluationOptions): Split {
  const own = [...rows.sides.keys()].filter((row) => rows.sides[row] === side);
  const pick = (column: readonly string[]): string[] => own.map((row) => column[row]!);
  const { train, test } = prepareRows({ labels: pick(rows.labels), groups: pick(rows.groups) }, options);
  return { train: train.map((i) => own[i]!), test: test.map((i) => own[i]!) };
}
