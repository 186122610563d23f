/** Drops texts that are not questions, and questions that are nearly the same as an earlier one. */
import { similarityTopK } from '../../native/top-k.js';
import { isRefusal } from '../answer-faults.js';
import type { ProjectFile } from '../project-types.js';
import type { QuestionRecord, Reject, StageOutput } from '../records.js';

/** Number of neighbours to check first. If all of them are near-duplicates, every kept question is checked. */
const NEIGHBOURS = 32;

/** Returns the fault in the form of a question, or undefined. */
export function questionFault(question: string, { minWords, maxWords }: ProjectFile['filter']): string | undefined {
  const words = question.split(/\s+/u).filter((word) => word !== '').length;
  if (words === 0) return 'empty';
  if (isRefusal(question)) return 'refusal';
  if (words < minWords) return 'too short';
  if (words > maxWords) return 'too long';
  if (!/\?["'”’)\]]*$/u.test(question)) return 'no question';
  if (/\{\{|\}\}|\[(?:name|person|insert)[^\]]*\]/iu.test(question)) return 'placeholder';
  return undefined;
}

/** Drops questions with a fault in their form, and repeated ones. */
export function dropIllFormed(
  records: readonly QuestionRecord[],
  filter: ProjectFile['filter'],
): StageOutput<QuestionRecord> {
  const kept: QuestionRecord[] = [];
  const rejects: Reject[] = [];
  const ids = new Set<string>();
  for (const record of records) {
    const fault = ids.has(record.id) ? 'repeated' : questionFault(record.question, filter);
    ids.add(record.id);
    if (fault === undefined) kept.push(record);
    else rejects.push({ id: record.id, reason: fault, text: record.question });
  }
  return { records: kept, rejects };
}

/**
 * Drops every question whose cosine similarity with a question kept before it is at least `similarity`, exactly.
 *
 * @param embeddings [records, dim], row-major
 * @throws EngineError like {@link similarityTopK}
 */
export async function dropNearDuplicates(
  records: readonly QuestionRecord[],
  embeddings: Float32Array,
  dim: number,
  similarity: number,
  signal?: AbortSignal,
): Promise<StageOutput<QuestionRecord>> {
  const rows = records.length;
  if (rows < 2) return { records: [...records], rejects: [] };
  const k = Math.min(rows, NEIGHBOURS);
  const search = { queries: embeddings, base: embeddings, dim, k, metric: 'cosine', signal } as const;
  const { labels, distances } = await similarityTopK(search);
  const norms = Float64Array.from({ length: rows }, (_, row) => Math.sqrt(dot(embeddings, row, row, dim)));
  const keptRows: number[] = [];
  const isKept = new Uint8Array(rows);
  const rejects: Reject[] = [];
  for (let row = 0; row < rows; row++) {
    let twin = -1;
    for (let i = row * k; i < (row + 1) * k && twin < 0; i++) {
      if (distances[i]! >= similarity && isKept[labels[i]!] === 1) twin = labels[i]!;
    }
    if (twin < 0 && distances[(row + 1) * k - 1]! >= similarity) {
      twin = keptRows.find((kept) => dot(embeddings, row, kept, dim) >= similarity * norms[row]! * norms[kept]!) ?? -1;
    }
    if (twin < 0) {
      isKept[row] = 1;
      keptRows.push(row);
    } else {
      rejects.push({
        id: records[row]!.id,
        reason: 'near-duplicate',
        text: `${records[row]!.question} | ${records[twin]!.question}`,
      });
    }
  }
  return { records: keptRows.map((row) => records[row]!), rejects };
}

function dot(matrix: Float32Array, a: number, b: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += matrix[a * dim + i]! * matrix[b * dim + i]!;
  return sum;
}
