import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { mapColumns } from '../../../src/maps/map-columns.js';
import { categoricalColours } from '../../../src/maps/palette.js';
import { svgMap } from '../../../src/maps/svg-map.js';
import type { ValueMap } from '../../../src/maps/value-map.js';
import { randomNormal } from '../../support/random.js';

function mapOf(points: number, ids: readonly string[], title = 'A map'): ValueMap {
  return {
    title,
    subtitle: 'of random points',
    coordinates: randomNormal(points * 2, 1),
    valueIds: Int32Array.from({ length: points }, (_, i) => i % ids.length),
    columns: mapColumns(ids),
    color: 'value-id',
  };
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `model-${String(i).padStart(3, '0')}$eng`);
const dots = (svg: string): number => svg.split('h0').length - 1;

describe('the picture of a map', () => {
  it.each([1, 8, 9, 40, 400])('has every point and a legend without overlap for %i categories', (count) => {
    const svg = svgMap(mapOf(1000, numbered(count)));
    expect(dots(svg)).toBe(1000);
    const { document } = parseHTML(svg) as unknown as {
      document: {
        querySelectorAll(
          selector: string,
        ): Iterable<{ getAttribute(name: string): string | null; textContent: string }>;
      };
    };
    const width = Number(/width="(\d+)"/.exec(svg)![1]);
    const entries = [...document.querySelectorAll('circle')].map(
      (circle) => `${circle.getAttribute('cx')!},${circle.getAttribute('cy')!}`,
    );
    expect(new Set(entries).size).toBe(entries.length);
    for (const entry of entries) expect(Number(entry.split(',')[0])).toBeLessThan(width);
    if (count === 400) expect(svg).toMatch(/and \d+ others/);
    else expect(entries.length).toBe(count);
  });

  it('escapes titles and labels', () => {
    const svg = svgMap(mapOf(10, ['<script>alert(1)</script>$eng', 'a&"b\u0000$eng'], '</svg><script>'));
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;/svg&gt;');
    expect(svg).not.toContain('\u0000');
  });

  it('can show a single place, and has the same bytes each time', () => {
    const map = { ...mapOf(5, numbered(2)), coordinates: new Float32Array(10) };
    expect(svgMap(map)).toBe(svgMap(map));
    expect(svgMap(map)).not.toMatch(/NaN|Infinity/);
  });
});

describe('the colours of categories', () => {
  it.each([0, 1, 8, 9, 150])('are %i different colours', (count) => {
    const colours = categoricalColours(count);
    expect(colours.length).toBe(count);
    expect(new Set(colours).size).toBe(count);
    for (const colour of colours) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
  });

  it('contrast with white and with the dark background', () => {
    const luminance = (hex: string): number => {
      const [r, g, b] = [1, 3, 5]
        .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    for (const colour of [...categoricalColours(8), ...categoricalColours(150)]) {
      const own = luminance(colour);
      expect((own + 0.05) / (luminance('#14161a') + 0.05)).toBeGreaterThan(2);
      expect(1.05 / (own + 0.05)).toBeGreaterThan(1.7);
    }
  });
});
