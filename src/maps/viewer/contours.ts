/** Density contours of groups of points. */
import { contourDensity } from 'd3-contour';

/** Outlines of one group in map units. */
export interface GroupContours {
  colour: string;
  /** Closed lines of points, [x, y]. */
  rings: [number, number][][];
}

/** Pixels of the longer side of the grid, the width of the filter, and lines per group. */
const SIZE = 512;
const BANDWIDTH = 7;
const LEVELS = 5;
/** A group of more points is thinned out: its contours look the same. */
const MOST_POINTS = 100_000;

/**
 * @param points of the group
 * @param coordinates [points, 2] of all points
 */
export function groupContours(
  points: readonly number[],
  colour: string,
  coordinates: Float32Array,
  [left, bottom, right, top]: readonly [number, number, number, number],
): GroupContours {
  const scale = SIZE / (Math.max(right - left, top - bottom) || 1);
  const step = Math.ceil(points.length / MOST_POINTS);
  const used = step > 1 ? points.filter((_, i) => i % step === 0) : points;
  const margin = 3 * BANDWIDTH;
  const contours = contourDensity<number>()
    .x((point) => (coordinates[2 * point]! - left) * scale + margin)
    .y((point) => (coordinates[2 * point + 1]! - bottom) * scale + margin)
    .size([(right - left) * scale + 2 * margin, (top - bottom) * scale + 2 * margin])
    .cellSize(2)
    .bandwidth(BANDWIDTH)
    .thresholds(LEVELS)(used);
  const rings = contours.flatMap(({ coordinates: polygons }) =>
    polygons.flatMap((polygon) =>
      polygon.map((ring) =>
        ring.map(([x, y]): [number, number] => [(x - margin) / scale + left, (y - margin) / scale + bottom]),
      ),
    ),
  );
  return { colour, rings };
}
