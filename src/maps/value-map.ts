/**
 * Content of a map, independent of how it is drawn. The viewer also uses this module, so it must not depend on Node.
 */

/** One way to colour the points: a property of value ids. */
export interface MapColumn {
  /** Name of the property, for example `model`. */
  name: string;
  /** The categories, sorted. */
  values: string[];
  /** Position in `values` for each value id. */
  codes: number[];
}

export interface ValueMap {
  title: string;
  /** One line on data and method. */
  subtitle: string;
  /** [points, 2] */
  coordinates: Float32Array;
  /** For each point, the position of its value id in that of the column `value-id`. */
  valueIds: Int32Array;
  /** The first column is the value id. */
  columns: MapColumn[];
  /** Name of the column that initially decides the colours. */
  color: string;
  /** Labels of regions; a page shows them. @default none */
  regions?: Region[];
}

/** A labelled place of a map. */
export interface Region {
  /** Zoom level: 0 for the entire map; each further one for twice the magnification. */
  level: number;
  /** Mean of its points, in map units. */
  x: number;
  y: number;
  /** Number of its points. */
  count: number;
  label: string;
}

export const VALUE_ID_COLUMN = 'value-id';

/** Returns the column with this name. */
export function columnOf({ columns }: Pick<ValueMap, 'columns'>, name: string): MapColumn | undefined {
  return columns.find((column) => column.name === name);
}

/** Returns the smallest and largest coordinates: [left, bottom, right, top]. */
export function boundsOf(coordinates: Float32Array): [number, number, number, number] {
  const bounds: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < coordinates.length; i += 2) {
    bounds[0] = Math.min(bounds[0], coordinates[i]!);
    bounds[1] = Math.min(bounds[1], coordinates[i + 1]!);
    bounds[2] = Math.max(bounds[2], coordinates[i]!);
    bounds[3] = Math.max(bounds[3], coordinates[i + 1]!);
  }
  return bounds;
}
