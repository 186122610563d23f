import { describe, expect, it } from 'vitest';

import { FrameBudget } from '../../../src/maps/viewer/frame-budget.js';

describe('the budget of a frame', () => {
  /** Frames of a machine that takes so long for all points. */
  function move(budget: FrameBudget, begin: number, msForAll: number): number[] {
    let now = begin;
    return Array.from({ length: 40 }, () => {
      const share = budget.next(now);
      now += Math.max(16, share * msForAll);
      return share;
    });
  }

  it('draws all points on a fast machine, and so many that frames are fast on a slow one', () => {
    expect(move(new FrameBudget(), 0, 10).every((share) => share === 1)).toBe(true);
    const slow = move(new FrameBudget(), 0, 200);
    expect(slow[0]).toBe(1);
    for (const share of slow.slice(3)) expect(share * 200).toBeLessThan(34);
    expect(slow.at(-1)! * 200).toBeGreaterThan(10);
  });

  it('begins with few points if drawing all takes longer than a rest', () => {
    const budget = new FrameBudget();
    budget.learn(800);
    for (const share of move(budget, 0, 800)) expect(share * 800).toBeLessThan(34);
  });

  it('falls if frames begin late on a busy machine, although they are asked for at once', () => {
    const budget = new FrameBudget();
    let last = 0;
    budget.next(last);
    const shares = Array.from({ length: 4 }, () => {
      const wanted = last;
      return budget.next((last += 600), wanted);
    });
    expect(shares.at(-1)).toBeLessThan(0.05);
    expect(new FrameBudget().next(10_000, 9_000)).toBe(1);
  });

  it('remembers the machine after a rest', () => {
    const budget = new FrameBudget();
    move(budget, 0, 200);
    budget.rest();
    expect(budget.next(100_000)).toBeLessThan(0.5);
  });
});
