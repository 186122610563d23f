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

/** Joins the rows of both sides whose labels both have. Questions of different sides are different. */
export function joinSides(values: ControlSide, control: ControlSide): JoinedRows {
  for (const [name, side] of Object.entries({ values, control })) {
    expectLabelledEmbeddings(side);
    const count = expectStrings(side.texts, `${name}.texts`).length;
    if (count !== side.labels.length)
      fail('ERR_SHAPE_MISMATCH', `${side.labels.length} texts, one per label,`, `${name}.texts`, side.texts);
  }
  if (control.dim !== values.dim) fail('ERR_SHAPE_MISMATCH', `${values.dim}`, 'control.dim', control.dim);
  const inControl = new Set(control.labels);
  const shared = new Set(values.labels.filter((label) => inControl.has(label)));
  if (shared.size < 2) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two labels that both sides have, got ${shared.size}: the first has ` +
        `${new Set(values.labels).size}, the second ${inControl.size}`,
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
  const [first, second] = [parts[0]!, parts[1]!];
  const embeddings = new Float32Array(first.embeddings.length + second.embeddings.length);
  embeddings.set(first.embeddings);
  embeddings.set(second.embeddings, first.embeddings.length);
  return {
    dim,
    embeddings,
    texts: [...first.texts, ...second.texts],
    labels: [...first.labels, ...second.labels],
    groups: [...first.groups, ...second.groups],
    sides: [...first.sides, ...second.sides],
  };
}

/** Splits the rows of one side by question. */
export function splitSide(rows: JoinedRows, side: SideName, options: EvaluationOptions): Split {
  const own = [...rows.sides.keys()].filter((row) => rows.sides[row] === side);
  const pick = (column: readonly string[]): string[] => own.map((row) => column[row]!);
  const { train, test } = prepareRows({ labels: pick(rows.labels), groups: pick(rows.groups) }, options);
  return { train: train.map((i) => own[i]!), test: test.map((i) => own[i]!) };
}
