/** Finds the point under the pointer, with points sorted into the cells of a grid. */
const CELLS = 256;

export class PointGrid {
  readonly #starts = new Uint32Array(CELLS * CELLS + 1);
  readonly #points: Uint32Array;
  readonly #cellWidth: number;
  readonly #cellHeight: number;

  constructor(
    private readonly coordinates: Float32Array,
    private readonly bounds: readonly [number, number, number, number],
  ) {
    const [left, bottom, right, top] = bounds;
    this.#cellWidth = (right - left) / CELLS || 1;
    this.#cellHeight = (top - bottom) / CELLS || 1;
    const count = coordinates.length / 2;
    const cells = new Uint32Array(count);
    for (let point = 0; point < count; point++) {
      const cell = this.#row(coordinates[2 * point + 1]!) * CELLS + this.#column(coordinates[2 * point]!);
      cells[point] = cell;
      this.#starts[cell + 1]!++;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.#starts[cell + 1]! += this.#starts[cell]!;
    this.#points = new Uint32Array(count);
    const next = this.#starts.slice();
    for (let point = 0; point < count; point++) this.#points[next[cells[point]!]!++] = point;
  }

  /** Returns the accepted point nearest to a place within `radius`, or -1. */
  nearest(x: number, y: number, radius: number, accepts: (point: number) => boolean): number {
    let best = -1;
    let bestSquared = radius * radius;
    for (let row = this.#row(y - radius); row <= this.#row(y + radius); row++) {
      for (let cell = row * CELLS + this.#column(x - radius); cell <= row * CELLS + this.#column(x + radius); cell++) {
        for (let i = this.#starts[cell]!; i < this.#starts[cell + 1]!; i++) {
          const point = this.#points[i]!;
          const squared = (this.coordinates[2 * point]! - x) ** 2 + (this.coordinates[2 * point + 1]! - y) ** 2;
          if (squared <= bestSquared && accepts(point)) {
            best = point;
            bestSquared = squared;
          }
        }
      }
    }
    return best;
  }

  #column(x: number): number {
    return clampToCell((x - this.bounds[0]) / this.#cellWidth);
  }

  #row(y: number): number {
    return clampToCell((y - this.bounds[1]) / this.#cellHeight);
  }
}

function clampToCell(position: number): number {
  return Math.max(0, Math.min(CELLS - 1, Math.floor(position)));
}
