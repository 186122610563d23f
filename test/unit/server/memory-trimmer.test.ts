import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { MemoryTrimmer } from '../../../src/server/memory-trimmer.js';

const MIB = 2 ** 20;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('gives memory back once the server is idle, and again only after it has grown', async () => {
  let isBusy = true;
  let resident = 300 * MIB;
  const free = vi.fn(() => {
    resident = Math.min(resident, 200 * MIB);
    return Promise.resolve();
  });
  const trimmer = new MemoryTrimmer({ isBusy: () => isBusy, residentBytes: () => resident, free });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(free).not.toHaveBeenCalled();
  isBusy = false;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(free).toHaveBeenCalledTimes(1);
  resident = 230 * MIB;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(free).toHaveBeenCalledTimes(2);
  trimmer.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(free).toHaveBeenCalledTimes(2);
});
