/** Entry of the thread of text-search.ts: opens or builds the index, then answers one query after the other. */
import { parentPort, workerData } from 'node:worker_threads';

import { openDataset } from '../../datasets/dataset.js';
import type { SearchReply, SearchRequest, SearchTask } from './protocol.js';
import { TextIndex } from './text-index.js';

const port = parentPort!;
const { dir, file } = workerData as SearchTask;
const send = (reply: SearchReply): void => {
  port.postMessage(reply);
};

try {
  const dataset = await openDataset(dir);
  const index = await TextIndex.open(dataset, file, {
    note: (text) => send({ kind: 'note', text }),
    onProgress: (done) => send({ kind: 'progress', done, total: dataset.rows }),
  });
  port.on('message', ({ id, query, want }: SearchRequest) => {
    try {
      if (want === 'all') send({ kind: 'bitmap', id, bitmap: index.findAll(query, dataset.rows) });
      else send({ kind: 'matches', id, matches: index.find(query, want) });
    } catch (error) {
      send({ kind: 'refused', id, message: error instanceof Error ? error.message : String(error) });
    }
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
