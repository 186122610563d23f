import { describe, expect, it } from 'vitest';

import { Turns } from '../../../src/server/turns.js';

describe('Turns', () => {
  it('lets one piece of work run per turn of the event loop, in order', async () => {
    const turns = new Turns();
    const events: string[] = [];
    const work = ['a', 'b', 'c'].map((name) => turns.next().then(() => events.push(name)));
    let loops = 0;
    const count = (): void => {
      events.push(String(loops++));
      if (events.length < 8) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(work);
    expect(events.slice(0, 5)).toEqual(['a', '0', 'b', '1', 'c']);
  });
});
