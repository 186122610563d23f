/** The view as the fragment of a link, so that it can be sent to somebody with the same dataset. */

export interface View {
  /** Name of the column or the number that decides the colours. */
  colour?: string;
  /** Chosen categories by column, by name. */
  categories?: Record<string, string[]>;
  /** Chosen ranges by number. */
  ranges?: Record<string, [number, number]>;
  /** Chosen range of the number that decides the colours, if it is not among those. */
  colourRange?: [number, number];
  search?: string;
  /** Corners of the lasso in map units. */
  polygon?: number[];
  /** Centre and magnification. */
  camera?: [number, number, number];
}

export function encodeView(view: View): string {
  const bytes = new TextEncoder().encode(JSON.stringify(view));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Decodes a fragment. Whatever does not fit is left out: anybody can write a link. */
export function decodeView(fragment: string): View {
  let value: unknown;
  try {
    const base64 = fragment.replace(/^#/, '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { colour, colourRange, categories, ranges, search, polygon, camera } = value as Record<string, unknown>;
  const view: View = {};
  if (typeof colour === 'string') view.colour = colour;
  if (isRange(colourRange)) view.colourRange = colourRange;
  if (typeof search === 'string') view.search = search;
  if (isNumbers(polygon) && polygon.length % 2 === 0) view.polygon = polygon;
  if (isNumbers(camera) && camera.length === 3 && camera[2]! > 0) view.camera = camera as [number, number, number];
  if (isTable(categories)) view.categories = entriesThat(categories, isStrings);
  if (isTable(ranges)) view.ranges = entriesThat(ranges, isRange);
  return view;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number' && Number.isFinite(entry));
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isRange(value: unknown): value is [number, number] {
  return isNumbers(value) && value.length === 2;
}

function entriesThat<T>(table: Record<string, unknown>, fits: (value: unknown) => value is T): Record<string, T> {
  return Object.fromEntries(Object.entries(table).filter((entry): entry is [string, T] => fits(entry[1])));
}
