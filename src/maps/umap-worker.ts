/** Entry of the thread of umap.ts: builds the graph, lays it out and reports each epoch. */
import { parentPort, workerData } from 'node:worker_threads';

import { fuzzyGraph, type NeighbourTable } from './fuzzy-graph.js';
import type { UmapCurve } from './umap-curve.js';
import { layOut } from './umap-layout.js';

export interface UmapTask {
  table: NeighbourTable;
  /** [rows, 2]: initial positions. */
  start: Float32Array;
  curve: UmapCurve;
  epochs: number;
  seed: number;
}

export type UmapReply = { kind: 'epoch'; done: number } | { kind: 'end'; coordinates: Float32Array };

const port = parentPort!;
const { table, start: coordinates, curve, epochs, seed } = workerData as UmapTask;
const send = (reply: UmapReply): void => {
  port.postMessage(reply);
};
layOut(fuzzyGraph(table), {
  coordinates,
  curve,
  epochs,
  seed,
  onEpoch: (done) => {
    send({ kind: 'epoch', done });
  },
});
send({ kind: 'end', coordinates });
