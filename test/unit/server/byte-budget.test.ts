import { describe, expect, it } from 'vitest';

import { ByteBudget } from '../../../src/server/byte-budget.js';

describe('ByteBudget', () => {
  it('charges nothing to a request that has ended, because nobody would give it back', () => {
    const budget = new ByteBudget(1_000_000);
    const held = budget.open();
    held.add(500_000);
    expect(budget.used).toBe(500_000 - 65_536);
    held.release(); // the client has left, but the handler goes on until it notices
    held.add(500_000);
    held.release();
    expect(budget.used).toBe(0);
    held.add(2_000_000);
    expect(budget.used).toBe(0);
  });
});
