import { expect, it } from 'vitest';

import { workCounters } from '../../src/native/capabilities.js';
import { createTrainer } from '../../src/training/trainer.js';
import { openParityFixture } from '../support/parity.js';

it.each(['f32', 'bf16'] as const)(
  'a training step in %s allocates nothing but the buffers of the loss',
  async (precision) => {
    const fixture = await openParityFixture('nomic-tiny');
    const trainer = await createTrainer({ encoder: fixture.folder, mode: 'one-way', precision });
    const batch = { query: fixture.views[0], key: fixture.views[1], labels: fixture.labels };
    const allocations: number[] = [];
    for (let step = 0; step < 4; step++) {
      const before = workCounters().allocations;
      await trainer.step(batch);
      allocations.push(workCounters().allocations - before);
    }
    // The first steps fill the arena. The loss has two: converted or packed keys and a strip of logits (ops/infonce.h).
    expect(allocations[0]).toBeGreaterThan(10);
    expect(allocations.slice(2)).toEqual([2, 2]);
    await trainer.dispose();
    await fixture.close();
  },
);
