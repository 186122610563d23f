/**
 * How a map lies in an HTML page: elements that hold base64 of gzip, so that nothing in a text can end its element.
 *
 * - `map-header`: {@link PackedHeader} as JSON
 * - `map-points`: coordinates [points, 2] f32, then value ids [points] u32, then questions [points] u32, little-endian
 * - `map-answers-<n>`, `map-questions-<n>`: JSON arrays of {@link TEXTS_PER_BLOCK} texts each, unpacked when they are
 *   needed
 *
 * No Node here: the viewer uses it as well.
 */
import type { MapColumn } from './value-map.js';

/** Small enough to be unpacked while a pointer rests, large enough to be compressed well. */
export const TEXTS_PER_BLOCK = 256;

export const HEADER_ID = 'map-header';
export const POINTS_ID = 'map-points';

export interface PackedHeader {
  title: string;
  subtitle: string;
  points: number;
  columns: MapColumn[];
  color: string;
}

export type TextKind = 'answers' | 'questions';

export function blockId(kind: TextKind, block: number): string {
  return `map-${kind}-${block}`;
}
