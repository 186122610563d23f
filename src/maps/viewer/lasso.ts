/** Points within a polygon that was drawn on the map. */

/** Corners in map units: x and y, one after the other. */
export type Polygon = readonly number[];

export function rectangle(x1: number, y1: number, x2: number, y2: number): Polygon {
  return [x1, y1, x2, y1, x2, y2, x1, y2];
}

/** Returns one byte per point: 1 for those within the polygon, by the even-odd rule. */
export function pointsWithin(coordinates: Float32Array, polygon: Polygon): Uint8Array {
  const inside = new Uint8Array(coordinates.length / 2);
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    left = Math.min(left, polygon[i]!);
    right = Math.max(right, polygon[i]!);
    bottom = Math.min(bottom, polygon[i + 1]!);
    top = Math.max(top, polygon[i + 1]!);
  }
  for (let point = 0; point < inside.length; point++) {
    const x = coordinates[2 * point]!;
    const y = coordinates[2 * point + 1]!;
    if (x < left || x > right || y < bottom || y > top) continue;
    inside[point] = isWithin(x, y, polygon) ? 1 : 0;
  }
  return inside;
}

function isWithin(x: number, y: number, polygon: Polygon): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}
