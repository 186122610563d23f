/** Colours of the rows: by category, by a number, or by the sides of a comparison. */
import { categoricalColours } from '../../maps/palette.js';
import type { MapColumn } from '../../maps/value-map.js';
import { DIMMED, SHOWN } from '../../maps/viewer/scene.js';

export type Rgb = readonly [number, number, number];

/** Colour of points that are only context: visible on light and dark ground. */
const GREY: Rgb = [140, 144, 152];
/**
 * Blue to yellow as in cividis (Nuñez, Anderton and Renslow 2018), so that it looks the same with all common
 * colour-vision deficiencies, but without its ends, which can hardly be seen on dark or on light ground.
 */
const SEQUENTIAL = ['#2f5d9e', '#5f7690', '#8a8678', '#b5a25c', '#e0bf34'];
/** Blue and orange of Okabe and Ito. */
export const SIDE_COLOURS = ['#0072b2', '#d55e00'] as const;

/** Colours by a number, which is NaN for rows without one. */
export interface NumberColouring {
  kind: 'number';
  /** The entry in the list of colours, or what stands for one in a link. */
  name: string;
  label: string;
  valueOf: (row: number) => number;
  least: number;
  most: number;
  /** Whether small numbers are bright, as those of near answers. */
  isReversed?: boolean;
}

export type Colouring =
  | { kind: 'category'; column: number }
  | NumberColouring
  | { kind: 'sides'; column: number; sides: readonly [number, number] };

export function toRgb(hex: string): Rgb {
  return [parseInt(hex.slice(1, 3), 16), parseInt(hex.slice(3, 5), 16), parseInt(hex.slice(5, 7), 16)];
}

/** Colours of the categories of a column. */
export function coloursOf({ values }: MapColumn): string[] {
  return categoricalColours(values.length);
}

/** The colour of a number between 0 and 1. */
export function sequentialColour(share: number): Rgb {
  const position = Math.max(0, Math.min(1, share)) * (SEQUENTIAL.length - 1);
  const low = Math.min(SEQUENTIAL.length - 2, Math.floor(position));
  const [a, b] = [toRgb(SEQUENTIAL[low]!), toRgb(SEQUENTIAL[low + 1]!)];
  const part = position - low;
  return [0, 1, 2].map((i) => Math.round(a[i]! + (b[i]! - a[i]!) * part)) as unknown as Rgb;
}

/**
 * Returns the colours of the points in the order in which they are drawn, [points, 4], for the scene.
 *
 * @param order row of each point
 * @param focus category to show alone, for a moment
 */
export function pixelsOf(
  colouring: Colouring,
  { columns, rowValueIds }: { columns: readonly MapColumn[]; rowValueIds: Int32Array },
  order: Uint32Array,
  shown: Uint8Array,
  focus: number | undefined,
): Uint8Array {
  const colourOf = rowColours(colouring, columns, rowValueIds, focus);
  const pixels = new Uint8Array(order.length * 4);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const colour = shown[row] ? colourOf(row) : undefined;
    const [red, green, blue] = colour ?? GREY;
    pixels[4 * i] = red;
    pixels[4 * i + 1] = green;
    pixels[4 * i + 2] = blue;
    pixels[4 * i + 3] = colour ? SHOWN : DIMMED;
  }
  return pixels;
}

/** Returns the colour of a row, or undefined for a row that is only context. */
function rowColours(
  colouring: Colouring,
  columns: readonly MapColumn[],
  rowValueIds: Int32Array,
  focus: number | undefined,
): (row: number) => Rgb | undefined {
  if (colouring.kind === 'number') {
    const { valueOf, least, most, isReversed } = colouring;
    const table = Array.from({ length: 256 }, (_, i) => sequentialColour((isReversed ? 255 - i : i) / 255));
    const scale = 255 / (most - least || 1);
    return (row) => table[Math.max(0, Math.min(255, Math.round((valueOf(row) - least) * scale)))];
  }
  const column = columns[colouring.column]!;
  const colours =
    colouring.kind === 'category'
      ? coloursOf(column).map((colour, category) =>
          focus === undefined || focus === category ? toRgb(colour) : undefined,
        )
      : column.values.map((_, category) => {
          const side = colouring.sides.indexOf(category);
          return side < 0 ? undefined : toRgb(SIDE_COLOURS[side]!);
        });
  const byValueId = column.codes.map((code) => colours[code]);
  return (row) => byValueId[rowValueIds[row]!];
}
