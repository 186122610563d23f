/** Peaks of the density of points on a grid, and the region of each: the cells from which the density rises to it. */

export interface Peak {
  /** Number of points in its region. */
  count: number;
  /** Mean of its points, in map units. */
  x: number;
  y: number;
}

export interface DensityRegions {
  peaks: Peak[];
  /** For every point, its peak. */
  peakOf: Int32Array;
}

export interface DensityOptions {
  /** [left, bottom, right, top] of the points. */
  bounds: readonly [number, number, number, number];
  /** Cells per side. */
  cells: number;
  /** Radius of the box filter, in cells. Larger ones give fewer regions. */
  radius: number;
}

/** Times the box filter runs: three of them are nearly a Gaussian. */
const PASSES = 3;

/** @param coordinates [points, 2] */
export function densityRegions(coordinates: Float32Array, { bounds, cells, radius }: DensityOptions): DensityRegions {
  const points = coordinates.length / 2;
  const cellOf = new Int32Array(points);
  const grid = new Float32Array(cells * cells);
  const scale = [cells / (bounds[2] - bounds[0] || 1), cells / (bounds[3] - bounds[1] || 1)] as const;
  const clamp = (position: number): number => Math.max(0, Math.min(cells - 1, Math.floor(position)));
  for (let point = 0; point < points; point++) {
    const column = clamp((coordinates[2 * point]! - bounds[0]) * scale[0]);
    const row = clamp((coordinates[2 * point + 1]! - bounds[1]) * scale[1]);
    cellOf[point] = row * cells + column;
    grid[cellOf[point]!]! += 1;
  }
  const peakOfCell = climb(blur(grid, cells, radius), cells);
  const numbers = new Map<number, number>();
  const peaks: Peak[] = [];
  const peakOf = new Int32Array(points);
  for (let point = 0; point < points; point++) {
    const cell = peakOfCell[cellOf[point]!]!;
    let number = numbers.get(cell);
    if (number === undefined) {
      numbers.set(cell, (number = peaks.length));
      peaks.push({ count: 0, x: 0, y: 0 });
    }
    peakOf[point] = number;
    const peak = peaks[number]!;
    peak.count++;
    peak.x += coordinates[2 * point]!;
    peak.y += coordinates[2 * point + 1]!;
  }
  for (const peak of peaks) {
    peak.x /= peak.count;
    peak.y /= peak.count;
  }
  return { peaks, peakOf };
}

function blur(grid: Float32Array, cells: number, radius: number): Float32Array {
  let from: Float32Array = grid;
  for (let pass = 0; pass < 2 * PASSES; pass++) from = boxFilter(from, cells, radius, pass % 2 === 0);
  return from;
}

/** Sums over 2 `radius` + 1 cells along rows or columns. */
function boxFilter(grid: Float32Array, cells: number, radius: number, alongRows: boolean): Float32Array {
  const out = new Float32Array(grid.length);
  const [step, next] = alongRows ? [1, cells] : [cells, 1];
  for (let line = 0; line < cells; line++) {
    const start = line * next;
    let sum = 0;
    for (let i = 0; i < Math.min(radius, cells); i++) sum += grid[start + i * step]!;
    for (let i = 0; i < cells; i++) {
      if (i + radius < cells) sum += grid[start + (i + radius) * step]!;
      if (i - radius - 1 >= 0) sum -= grid[start + (i - radius - 1) * step]!;
      out[start + i * step] = sum;
    }
  }
  return out;
}

/** Returns for every cell the peak that is reached by always going to the densest of the eight neighbours. */
function climb(density: Float32Array, cells: number): Int32Array {
  const up = new Int32Array(density.length);
  for (let cell = 0; cell < density.length; cell++) {
    const row = Math.floor(cell / cells);
    const column = cell % cells;
    let best = cell;
    for (let y = Math.max(0, row - 1); y <= Math.min(cells - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(cells - 1, column + 1); x++) {
        const other = y * cells + x;
        // Of equally dense cells, the one with the larger number is higher, so that no path is a circle.
        if (density[other]! > density[best]! || (density[other]! === density[best]! && other > best)) best = other;
      }
    }
    up[cell] = best;
  }
  for (let cell = 0; cell < up.length; cell++) {
    let top = cell;
    while (up[top] !== top) top = up[top]!;
    for (let at = cell; up[at] !== top; ) {
      const following = up[at]!;
      up[at] = top;
      at = following;
    }
  }
  return up;
}
