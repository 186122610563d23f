import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { Camera } from '../../../src/maps/viewer/camera.js';
import { placeLabels } from '../../../src/maps/viewer/label-layout.js';
import { pointsWithin, rectangle } from '../../../src/maps/viewer/lasso.js';

describe('a lasso', () => {
  it('takes the points within, also of a shape with a dent', () => {
    const dented = [0, 0, 4, 0, 4, 4, 2, 1, 0, 4];
    const points = Float32Array.of(1, 1, 2, 3, 3.5, 3, 5, 1, 2, 0.5);
    expect([...pointsWithin(points, dented)]).toEqual([1, 0, 1, 0, 1]);
  });

  it('of a rectangle does not depend on the corner where it begins', () => {
    const points = Float32Array.of(0.5, 0.5, 1.5, 0.5);
    for (const [x1, y1, x2, y2] of [
      [0, 0, 1, 1],
      [1, 1, 0, 0],
      [1, 0, 0, 1],
    ] as const)
      expect([...pointsWithin(points, rectangle(x1, y1, x2, y2))]).toEqual([1, 0]);
  });
});

describe('the labels', () => {
  const camera = new Camera([0, 0, 10, 10]);
  camera.resize(800, 600);
  camera.showAll();
  const random = new SeededRandom(1);
  const regions = Array.from({ length: 300 }, (_, i) => ({
    level: i % 4,
    x: random.next() * 10,
    y: random.next() * 10,
    count: random.integer(1000),
    label: `region ${i}`,
  }));
  const widthOf = (text: string, size: number): number => 0.6 * size * text.length;

  it('never overlap, and are of the level of the zoom or coarser', () => {
    for (const zoom of [1, 2, 4]) {
      camera.showAll();
      camera.zoomAt(zoom, 400, 300);
      const labels = placeLabels(regions, camera, widthOf);
      expect(labels.length).toBeGreaterThan(0);
      labels.forEach((a, i) => {
        expect(a.region.level).toBeLessThanOrEqual(Math.log2(zoom) + 0.5);
        for (const b of labels.slice(i + 1)) {
          const [width, height] = [widthOf(a.region.label, a.size) + widthOf(b.region.label, b.size), a.size + b.size];
          expect(Math.abs(a.x - b.x) >= width / 2 || Math.abs(a.y - b.y) >= height / 2).toBe(true);
        }
      });
    }
  });

  it('move away from the border and from the buttons, instead of being cut or left out', () => {
    const narrow = new Camera([0, 0, 10, 10]);
    narrow.resize(390, 380);
    narrow.showAll();
    const wide = [0, 5, 10].map((x) => ({ level: 0, x, y: x, count: 20, label: `a label of many letters ${x}` }));
    const labels = placeLabels(wide, narrow, widthOf);
    expect(labels).toHaveLength(3);
    for (const { x, size, region } of labels) {
      expect(x - widthOf(region.label, size) / 2).toBeGreaterThanOrEqual(54); // the buttons
      expect(x + widthOf(region.label, size) / 2).toBeLessThanOrEqual(390);
    }
  });
});
