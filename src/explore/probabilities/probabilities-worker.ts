/** Entry of the thread of fold-probabilities.ts: reads all answers, computes their probabilities, and ends. */
import { parentPort, workerData } from 'node:worker_threads';

import { openDataset } from '../../datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { SeenAnswerCounter } from '../../encoder/folder/training-answers.js';
import { probabilitiesOnFolds } from '../../identification/classifier/probabilities-on-folds.js';
import type { ProbabilitiesReply, ProbabilitiesTask } from './protocol.js';

const port = parentPort!;
const { dir, fit, ...task } = workerData as ProbabilitiesTask;
const send = (reply: ProbabilitiesReply): void => {
  port.postMessage(reply);
};

try {
  const dataset = await openDataset(dir);
  const { names, labels } = await dataset.readValueIds();
  const texts: string[] = [];
  const groups: string[] = [];
  const seen = await SeenAnswerCounter.open(DEFAULT_ENCODER);
  for await (const block of dataset.recordBlocks()) {
    seen?.add(block.map(({ answer }) => answer));
    for (const { answer, group, qid } of block) {
      texts.push(answer);
      groups.push(group ?? qid);
    }
  }
  const valueIds = Array.from(labels, (label) => names[label]!);
  // An encoder that starts from one that knows these answers would know those left out, too.
  const isKnown = (seen?.counts.seen ?? 0) > 0;
  const probabilities = await probabilitiesOnFolds(
    { texts, groups, valueIds },
    { names, labels, fit: isKnown ? { ...fit, base: null } : fit, ...task },
    { onProgress: (folds) => send({ kind: 'progress', folds }) },
  );
  send({ kind: 'ready', probabilities });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
