import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { expect, it } from 'vitest';

import { capabilities } from '../../src/native/capabilities.js';
import { matmul } from '../../src/native/matmul.js';

it('is the one that UNIVAR_SIMD names', () => {
  expect(capabilities().simd).toBe(process.env['UNIVAR_SIMD']);
});

it('is the same in worker threads, and cannot be changed there', async () => {
  await matmul(Float32Array.of(2), Float32Array.of(3), 1, 1, 1);
  const { simd, simdSupported } = capabilities();
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData.path);
    addon.configure(1, workerData.simd);
    try {
      for (const other of workerData.others) addon.configure(1, other);
    } catch (error) {
      parentPort.postMessage(error.code + ' ' + error.message);
    }
    parentPort.postMessage(addon.capabilities().simd);
  `;
  const path = fileURLToPath(new URL('../../build/Release/engine.node', import.meta.url));
  const others = simdSupported.filter((other) => other !== simd).slice(0, 1);
  const worker = new Worker(code, { eval: true, workerData: { path, simd, others } });
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  await once(worker, 'exit');
  expect(messages.pop()).toBe(simd);
  if (others.length > 0) expect(messages).toEqual([expect.stringMatching(/^ERR_ARG_RANGE .*"UNIVAR_SIMD"/)]);
});
