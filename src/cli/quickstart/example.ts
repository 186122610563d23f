import { type EvaluationOptions, type LabelledRows, prepareRows } from '../../evaluation/prepare.js';
import { ValueIdentifier } from '../../identification/value-identifier.js';
import type { IdentifiedText } from '../../pipeline/collection/collection.js';
import { type QaRecord, valueId } from '../../records/record.js';
import { gatherRows } from '../../search/gather-rows.js';

/** A held-out answer, identified by the answers to other questions. */
export interface Example {
  record: QaRecord;
  report: IdentifiedText;
}

/** Identifies the first held-out answer, whether that succeeds or not, with the split of the evaluation. */
export async function identifyExample(
  records: readonly QaRecord[],
  embeddings: Float32Array,
  labelled: LabelledRows,
  options: EvaluationOptions & { k: number; evidence: number },
): Promise<Example> {
  const { k, evidence, ...split } = options;
  const dim = embeddings.length / records.length;
  const { train, test } = prepareRows(labelled, split);
  const row = test[0]!;
  const identifier = new ValueIdentifier({
    embeddings: gatherRows(embeddings, dim, train),
    dim,
    valueIds: Array.from(train, (i) => valueId(records[i]!)),
  });
  const [identification] = await identifier.identify(embeddings.subarray(row * dim, (row + 1) * dim), { k });
  const record = records[row]!;
  return {
    record,
    report: {
      text: record.answer,
      ...identification!,
      evidence: identification!.neighbours.slice(0, evidence).map((neighbour) => {
        const { qid, question, answer } = records[train[neighbour.row]!]!;
        return { ...neighbour, qid, question, answer };
      }),
    },
  };
}
