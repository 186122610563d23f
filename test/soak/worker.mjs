/** Worker thread of the soak: does everything at once until it is terminated, or the end of its round. */
import { parentPort, workerData } from 'node:worker_threads';

import { register } from 'tsx/esm/api';

register();
const { ACTIVITIES } = await import('./activities.ts');
const { Draw } = await import('./draw.ts');
parentPort.postMessage('loaded');
await Promise.all(Object.values(ACTIVITIES).map((activity, i) => activity(new Draw(workerData + i))));
