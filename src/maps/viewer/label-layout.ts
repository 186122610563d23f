/** Chooses the labels to show, so that none overlaps another. */
import type { Region } from '../value-map.js';
import type { Camera } from './camera.js';

export interface PlacedLabel {
  region: Region;
  /** Centre in pixels. */
  x: number;
  y: number;
  size: number;
}

const MOST = 40;
const LARGEST_FONT = 16;
const SMALLEST_FONT = 11;
/** Free space around a label, in pixels. */
const GAP = 6;
/** Pixels at the left that the buttons of the map cover. */
const LEFT = 58;
/** Pixels from the middle of a label to that of its region below. A small region would be hidden by it. */
const LIFT = 14;

/**
 * Takes the labels of the zoom level and of coarser ones, large regions first, and leaves out each that would touch one
 * that was taken. Coarser levels come last, to name what the finer ones leave empty. A label that would stick out, or
 * be under the buttons, moves sideways.
 *
 * @param widthOf width of a text in pixels for a font size
 */
export function placeLabels(
  regions: readonly Region[],
  camera: Camera,
  widthOf: (text: string, size: number) => number,
): PlacedLabel[] {
  const finest = regions.reduce((most, { level }) => Math.max(most, level), 0);
  const level = Math.max(0, Math.min(finest, Math.round(Math.log2(camera.zoom))));
  const candidates = regions
    .filter((region) => region.level <= level)
    .sort((a, b) => b.level - a.level || b.count - a.count);
  const placed: (PlacedLabel & { width: number })[] = [];
  const words = new Set<string>();
  for (const region of candidates) {
    if (placed.length === MOST) break;
    const { x: centre, y: middle } = camera.toPixel(region.x, region.y);
    const isInside = centre >= 0 && middle >= 0 && centre <= camera.width && middle <= camera.height;
    if (!isInside || words.has(region.label)) continue;
    const size = Math.max(SMALLEST_FONT, LARGEST_FONT - placed.length / 4);
    const y = Math.max(size, middle - LIFT);
    const width = widthOf(region.label, size);
    if (width > camera.width - LEFT - GAP) continue;
    const x = Math.max(LEFT + width / 2, Math.min(camera.width - GAP - width / 2, centre));
    const isFree = placed.every(
      (other) =>
        Math.abs(other.x - x) > (other.width + width) / 2 + GAP ||
        Math.abs(other.y - y) > (other.size + size) / 2 + GAP,
    );
    if (!isFree) continue;
    placed.push({ region, x, y, size, width });
    words.add(region.label);
  }
  return placed;
}
