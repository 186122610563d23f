/** Entry of the thread of fold-probabilities.ts: reads all answers, computes their probabilities, and ends. */
import { parentPort, workerData } from 'node:worker_threads';

import { openDataset } from '../../datasets/dataset.js';
import { probabilitiesOnFolds } from '../../identification/classifier/probabilities-on-folds.js';
import type { ProbabilitiesReply, ProbabilitiesTask } from './protocol.js';

const port = parentPort!;
const { dir, ...task } = workerData as ProbabilitiesTask;
const send = (reply: ProbabilitiesReply): void => {
  port.postMessage(reply);
};

try {
  const dataset = await openDataset(dir);
  const { names, labels } = await dataset.readValueIds();
  const texts: string[] = [];
  const groups: string[] = [];
  for await (const block of dataset.recordBlocks()) {
    for (const { answer, group, qid } of block) {
      texts.push(answer);
      groups.push(group ?? qid);
    }
  }
  const valueIds = Array.from(labels, (label) => names[label]!);
  const probabilities = await probabilitiesOnFolds(
    { texts, groups, valueIds },
    { names, labels, ...task },
    { onProgress: (folds) => send({ kind: 'progress', folds }) },
  );
  send({ kind: 'ready', probabilities });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
