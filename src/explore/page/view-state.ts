/** Keeps the view in the address of the page, and restores it from there. */
import type { MapView } from '../../maps/viewer/map-view.js';
import type { Explorer } from './explorer.js';
import { decodeView, encodeView, type View } from './view-link.js';

const WAIT_MS = 400;

/** The view as it is now. */
function currentView({ data, filters, colouring, search, polygon }: Explorer, { camera }: MapView): View {
  const view: View = { camera: [camera.x, camera.y, camera.zoom].map(rounded) as [number, number, number] };
  if (colouring.kind === 'category') view.colour = data.columns[colouring.column]!.name;
  else if (colouring.kind === 'number') view.colour = colouring.name;
  const colourRange = filters.ranges[filters.colour];
  if (colourRange) view.colourRange = [...colourRange];
  const categories = data.columns.flatMap(({ name, values }, i) => {
    const chosen = filters.categories[i];
    return chosen ? [[name, [...chosen].map((category) => values[category]!)] as const] : [];
  });
  const ranges = data.numbers.flatMap(({ name }, i) => {
    const range = filters.ranges[i];
    return range ? [[name, [...range] as [number, number]] as const] : [];
  });
  if (categories.length > 0) view.categories = Object.fromEntries(categories);
  if (ranges.length > 0) view.ranges = Object.fromEntries(ranges);
  if (search !== '') view.search = search;
  if (polygon.length > 0) view.polygon = polygon.map(rounded);
  return view;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Restores the view of the address. Names that the dataset does not have are left out. */
export function restoreView(explorer: Explorer, map: MapView, fragment: string): void {
  const view = decodeView(fragment);
  const { data, filters } = explorer;
  if (view.colour !== undefined) explorer.tell('colour', { name: view.colour, range: view.colourRange });
  data.columns.forEach(({ name, values }, i) => {
    const chosen = (view.categories?.[name] ?? []).map((value) => values.indexOf(value)).filter((at) => at >= 0);
    if (chosen.length > 0) filters.categories[i] = new Set(chosen);
  });
  data.numbers.forEach(({ name }, i) => {
    filters.ranges[i] = view.ranges?.[name];
  });
  if (view.camera) {
    const [x, y, zoom] = view.camera;
    map.camera.x = x;
    map.camera.y = y;
    map.camera.scale *= zoom / map.camera.zoom;
  }
  if (view.polygon) explorer.select(view.polygon);
  else explorer.filtersChanged();
  if (view.search) explorer.tell('search', view.search);
}

/** Returns a function that writes the view to the address, a moment after the last call. */
export function viewKeeper(explorer: Explorer, map: MapView): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, '', `#${encodeView(currentView(explorer, map))}`), WAIT_MS);
  };
}
