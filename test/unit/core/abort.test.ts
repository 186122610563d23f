import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { onAbort, sleep, untilAborted } from '../../../src/core/abort.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('needs one listener for any number of calls, and none after the last', () => {
    const { signal } = new AbortController();
    const forget = Array.from({ length: 50 }, () => onAbort(signal, () => undefined));
    expect(listeners(signal)).toBe(1);
    for (const call of forget) call();
    expect(listeners(signal)).toBe(0);
  });

  it('runs every action once, except cancelled ones', () => {
    const controller = new AbortController();
    const ran: string[] = [];
    const twice = (): void => void ran.push('twice');
    const first = onAbort(controller.signal, twice);
    onAbort(controller.signal, twice);
    onAbort(controller.signal, () => void ran.push('again'));
    first();
    first();
    controller.abort();
    expect(ran).toEqual(['twice', 'again']);
  });
});

describe('untilAborted', () => {
  it('settles with the work or with the signal, and leaves no listener', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('x')), signal)).rejects.toThrow('x');
    expect(listeners(signal)).toBe(0);
    const never = untilAborted(new Promise(() => undefined), signal);
    controller.abort('why');
    await expect(never).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: 'why' });
    await expect(untilAborted(Promise.resolve(1), signal)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('sleep', () => {
  it('ends early at the signal, and leaves no listener', async () => {
    const controller = new AbortController();
    await sleep(1, controller.signal);
    expect(listeners(controller.signal)).toBe(0);
    const long = sleep(60_000, controller.signal);
    controller.abort();
    await expect(long).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(sleep(60_000, controller.signal)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
