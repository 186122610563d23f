/**
 * Format of a map in an HTML page: elements with base64 of gzip, so that no text can end its element.
 *
 * - `map-header`: {@link PackedHeader} as JSON
 * - `map-points`: coordinates [points, 2] f32, then value ids [points] u32, then questions [points] u32, little-endian
 * - `map-answers-<n>`, `map-questions-<n>`: JSON arrays of {@link TEXTS_PER_BLOCK} texts each, unpacked on demand
 *
 * The viewer also uses this module, so it must not depend on Node.
 */
import type { MapColumn, Region } from './value-map.js';

/** Small enough to unpack while the pointer rests, large enough to compress well. */
export const TEXTS_PER_BLOCK = 256;

export const HEADER_ID = 'map-header';
export const POINTS_ID = 'map-points';

export interface PackedHeader {
  title: string;
  subtitle: string;
  points: number;
  columns: MapColumn[];
  color: string;
  /** Labels of regions at several zoom levels. */
  regions: Region[];
}

export type TextKind = 'answers' | 'questions';

export function blockId(kind: TextKind, block: number): string {
  return `map-${kind}-${block}`;
}
