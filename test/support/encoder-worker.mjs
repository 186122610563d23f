/** Worker thread that loads the encoder in the folder `workerData`, posts the number of rows of one call, and ends. */
import { parentPort, workerData } from 'node:worker_threads';

import { register } from 'tsx/esm/api';

register();
const { loadEncoder } = await import('../../src/encoder/load-encoder.ts');
const encoder = await loadEncoder(workerData);
const { rows } = await encoder.encode(['a', 'b']);
await encoder.dispose();
parentPort.postMessage(rows);
