/**
 * The data of the test for a difference: for every group of questions, how far the answers of one side lie from those
 * of the other.
 */
import { allocateFloat32 } from '../core/allocate.js';
import type { PairedAnswers } from './paired-answers.js';

export interface QuestionShifts {
  /** [groups, dim]: the sum, over the questions of a group, of the mean of side A minus the mean of side B. */
  shifts: Float32Array;
  /** [groups]: number of questions. */
  sizes: Float64Array;
  dim: number;
  /** Mean squared distance between an answer of A and an answer of B to the same question. */
  meanSquare: number;
}

export function questionShifts({ sides, dim, questions, groups }: PairedAnswers): QuestionShifts {
  const shifts = allocateFloat32(groups.length * dim, 'the differences of the questions');
  const sizes = new Float64Array(groups.length);
  let meanSquare = 0;
  for (const { group, rows } of questions) {
    sizes[group]! += 1;
    const [a, b] = [meanOf(sides[0].embeddings, rows[0], dim), meanOf(sides[1].embeddings, rows[1], dim)];
    let cross = 0;
    for (let i = 0; i < dim; i++) {
      shifts[group * dim + i]! += a.mean[i]! - b.mean[i]!;
      cross += a.mean[i]! * b.mean[i]!;
    }
    meanSquare += (a.square + b.square - 2 * cross) / questions.length;
  }
  return { shifts, sizes, dim, meanSquare };
}

/** Returns the mean of some rows, and the mean of their squared lengths. */
function meanOf(
  embeddings: Float32Array,
  rows: readonly number[],
  dim: number,
): { mean: Float64Array; square: number } {
  const mean = new Float64Array(dim);
  let square = 0;
  for (const row of rows) {
    for (let i = 0; i < dim; i++) {
      const entry = embeddings[row * dim + i]!;
      mean[i]! += entry / rows.length;
      square += entry ** 2 / rows.length;
    }
  }
  return { mean, square };
}
