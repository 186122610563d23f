import { loadEncoder } from '../encoder/load-encoder.js';
import type { Project } from './project.js';
import { RecordFileWriter, readRecordFile } from './record-file.js';
import type { QuestionRecord } from './records.js';
import type { StageFiles, StageRun } from './run-call-stage.js';
import { dropIllFormed, dropNearDuplicates } from './stages/filter.js';

/** Runs the filter, the only stage that needs all records at the same time and calls no model. */
export async function runFilter(
  { filter, encoder: folder }: Project,
  { input, output, rejects }: StageFiles,
  signal?: AbortSignal,
): Promise<StageRun> {
  const questions: QuestionRecord[] = [];
  for await (const record of readRecordFile<QuestionRecord>(input, signal)) questions.push(record);
  const formed = dropIllFormed(questions, filter);
  const kept = await dropSimilar(formed.records, folder, filter.similarity, signal);
  const left = [...formed.rejects, ...kept.rejects];
  const counts: Record<string, number> = {};
  for (const { reason } of left) counts[reason] = (counts[reason] ?? 0) + 1;
  await writeAll(rejects, left);
  return {
    output: await writeAll(output, kept.records),
    inputs: questions.length,
    rejects: counts,
    calls: 0,
    failedCalls: 0,
  };
}

async function dropSimilar(
  records: readonly QuestionRecord[],
  folder: string,
  similarity: number,
  signal: AbortSignal | undefined,
) {
  if (records.length < 2) return { records: [...records], rejects: [] };
  const encoder = await loadEncoder(folder);
  try {
    const { embeddings, dim } = await encoder.encode(
      records.map(({ question }) => question),
      { signal },
    );
    return await dropNearDuplicates(records, embeddings, dim, similarity, signal);
  } finally {
    await encoder.dispose();
  }
}

async function writeAll(path: string, records: readonly object[]) {
  const writer = await RecordFileWriter.create(path);
  try {
    for (const record of records) await writer.add(record);
    return await writer.finish();
  } finally {
    await writer.discard();
  }
}
