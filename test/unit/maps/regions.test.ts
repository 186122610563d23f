import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { findRegions } from '../../../src/maps/regions/find-regions.js';

const TOPICS = ['nuclear power plants', 'animal welfare laws', 'free school meals'];
const CENTRES = [
  [0, 0],
  [10, 0],
  [5, 9],
] as const;
const FILLER = ['the', 'question', 'is', 'whether', 'people', 'should', 'support', 'it'];

describe('the regions of a map', () => {
  it('are where the points are dense, and named by what only their texts have', async () => {
    const random = new SeededRandom(1);
    const rows = 900;
    const coordinates = Float32Array.from({ length: 2 * rows }, (_, i) => {
      const centre = CENTRES[Math.floor(i / 2) % 3]![i % 2 === 0 ? 0 : 1];
      return centre + (random.next() + random.next() - 1);
    });
    const read = (wanted: readonly number[]) =>
      Promise.resolve(
        wanted.map((row) => ({
          question: 'What do you think?',
          answer: `${random.shuffle(FILLER).join(' ')} ${TOPICS[row % 3]!} ${random.shuffle(FILLER).join(' ')}`,
        })),
      );
    const regions = await findRegions(coordinates, read, { signal: undefined, onProgress: () => undefined });
    const coarse = regions.filter(({ level }) => level === 0);
    expect(coarse).toHaveLength(3);
    for (const { x, y, label, count } of coarse) {
      const topic = CENTRES.findIndex((centre) => Math.hypot(centre[0] - x, centre[1] - y) < 0.5);
      expect(count).toBe(300);
      for (const word of label.split(/[ ,]+/)) expect(TOPICS[topic]).toContain(word);
    }
  });
});
