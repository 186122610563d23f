/**
 * Entry of the process of fold-probabilities.ts: it reads the answers twice, to train the classifiers and to score all
 * answers, and sends their probabilities. It ends with its parent, and never holds the texts of all answers.
 */
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { SeenAnswerCounter } from '../../encoder/folder/training-answers.js';
import { FoldClassifiers, foldSample } from '../../identification/classifier/fold-classifiers.js';
import type { QaRecord } from '../../records/record.js';
import type { ProbabilitiesReply, ProbabilitiesTask } from './protocol.js';

/** Answers that are scored at a time, about. */
const BATCH_ROWS = 2048;

const abort = new AbortController();
const { signal } = abort;

/** Waits until the message is sent, so that only one block is in memory. */
function send(reply: ProbabilitiesReply): Promise<void> {
  // Fails only if the parent is gone, which ends everything.
  return new Promise((resolve) => void process.send?.(reply, undefined, undefined, () => resolve()));
}

function questionOf({ group, qid }: QaRecord): string {
  return group ?? qid;
}

async function fitFolds(dataset: Dataset, { fit, maxAnswers, seed }: Omit<ProbabilitiesTask, 'dir'>) {
  const { names, labels } = await dataset.readValueIds();
  const rows = foldSample({ names, labels }, seed);
  const sample = { texts: [] as string[], groups: [] as string[], valueIds: [] as string[] };
  const groups = new Set<string>();
  const seen = await SeenAnswerCounter.open(DEFAULT_ENCODER);
  let row = 0;
  for await (const block of dataset.recordBlocks()) {
    signal.throwIfAborted();
    seen?.add(block.map(({ answer }) => answer));
    for (const record of block) {
      groups.add(questionOf(record));
      if (row === rows[sample.texts.length]) {
        sample.texts.push(record.answer);
        sample.groups.push(questionOf(record));
        sample.valueIds.push(names[labels[row]!]!);
      }
      row++;
    }
  }
  // An encoder that starts from one that knows these answers would know those left out, too.
  const isKnown = (seen?.counts.seen ?? 0) > 0;
  return FoldClassifiers.fit(
    sample,
    { names, groups, fit: isKnown ? { ...fit, base: null } : fit, maxAnswers, seed },
    { signal, onProgress: (folds) => void send({ kind: 'progress', folds }) },
  );
}

async function scoreAll(dataset: Dataset, folds: FoldClassifiers): Promise<void> {
  let first = 0;
  for await (const batch of batches(dataset.recordBlocks())) {
    const answers = { texts: batch.map(({ answer }) => answer), groups: batch.map(questionOf) };
    await send({ kind: 'answers', first, probabilities: await folds.probabilities(answers, { signal }) });
    first += batch.length;
  }
}

/** Joins the blocks that come from disk, which are small. */
async function* batches(blocks: AsyncIterable<QaRecord[]>): AsyncGenerator<QaRecord[]> {
  let batch: QaRecord[] = [];
  for await (const block of blocks) {
    batch.push(...block);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function run({ dir, ...task }: ProbabilitiesTask): Promise<void> {
  try {
    const dataset = await openDataset(dir);
    await scoreAll(dataset, await fitFolds(dataset, task));
    await send({ kind: 'ready' });
  } catch (error) {
    await send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  if (process.connected) process.disconnect();
}

// Ctrl-C reaches the entire process group; the parent decides what to do.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => abort.abort());
process.once('message', (task: ProbabilitiesTask) => void run(task));
