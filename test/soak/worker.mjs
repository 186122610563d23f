/** Worker thread of the soak: does some activities at once, unless it is terminated before their end. */
import { parentPort, workerData } from 'node:worker_threads';

import { register } from 'tsx/esm/api';

register();
const { ACTIVITIES } = await import('./activities.ts');
const { Draw } = await import('./draw.ts');
parentPort.postMessage('loaded');
const draw = new Draw(workerData);
const activities = Object.values(ACTIVITIES);
await Promise.all(Array.from({ length: 3 }, (_, i) => draw.pick(activities)(new Draw(workerData + i))));
