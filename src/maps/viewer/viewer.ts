/** Entry of a map page: unpacks the points, draws them, and connects the map with the panel. */
import { groupContours } from './contours.js';
import { download } from './download.js';
import { type Polygon, pointsWithin } from './lasso.js';
import { make } from './make.js';
import { MapView } from './map-view.js';
import { type PageData, PageTexts, readPageData } from './page-data.js';
import { Panel } from './panel.js';
import { DIMMED, SHOWN } from './scene.js';
import { Selection } from './selection.js';
import { exportTexts, pointsWithWords } from './shown-texts.js';
import { Tooltip } from './tooltip.js';

/** Colour of points that are only context: visible on light and dark ground. */
const GREY = [140, 144, 152];
/** Groups whose contours are drawn, the largest ones: more lines would hide each other. */
const MOST_CONTOURS = 6;

function start(data: PageData): void {
  const { points, coordinates, valueIds } = data;
  const selection = new Selection(data);
  const texts = new PageTexts();
  const tooltip = new Tooltip(data, selection, texts);
  let polygon: Polygon = [];
  /** Points with the words that were searched for in the texts. */
  let found: Uint8Array | undefined;
  let hasContours = false;

  const release = (): void => {
    tooltip.pinned = false;
    void tooltip.show(-1);
  };
  const show = async (point: number): Promise<void> => {
    const shown = tooltip.show(point);
    placeTooltip();
    await shown;
    placeTooltip(); // its size depends on its texts
  };
  const view = new MapView({
    coordinates,
    isShown: (point) => selection.isPointShown(point),
    onHover: (point) => {
      if (!tooltip.pinned) void show(point);
    },
    onClick: (point) => {
      release();
      void show(point);
      tooltip.pinned = point >= 0;
    },
    onEscape: () => {
      release();
      if (polygon.length > 0) select([]);
    },
    onPolygon: (drawn) => select(drawn),
    onFrame: () => placeTooltip(),
  });
  const placeTooltip = (): void => {
    if (tooltip.point < 0) return;
    const { x, y } = view.pixelOf(tooltip.point);
    tooltip.place(x, y, view.camera.width, view.camera.height);
  };
  view.overlay.regions = data.regions;
  view.element.append(tooltip.marker, tooltip.element);

  const recolour = (): void => {
    const { column, colours, focus } = selection;
    const rgb = colours.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    const pixels = new Uint8Array(points * 4);
    view.order.forEach((point, i) => {
      const category = column.codes[valueIds[point]!]!;
      const isShown = selection.isPointShown(point) && (focus === undefined || focus === category);
      pixels.set(isShown ? rgb[category]! : GREY, 4 * i);
      pixels[4 * i + 3] = isShown ? SHOWN : DIMMED;
    });
    view.setColours(pixels);
  };
  const drawContours = (): void => {
    view.overlay.contours = hasContours ? contoursOf(data, selection, view) : [];
  };
  const changed = (): void => {
    if (tooltip.point >= 0 && !selection.isPointShown(tooltip.point)) release();
    if (selection.focus === undefined) drawContours();
    recolour();
  };
  const restrict = (): void => {
    const inside = polygon.length >= 6 ? pointsWithin(coordinates, polygon) : undefined;
    selection.restrictTo(inside && found ? inside.map((value, point) => value & found![point]!) : (inside ?? found));
    view.overlay.polygon = polygon;
    panel.refresh();
    changed();
  };
  const select = (drawn: Polygon): void => {
    polygon = drawn;
    restrict();
  };
  const searchTexts = async (text: string): Promise<void> => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    found = words.length === 0 ? undefined : await pointsWithWords(data, texts, words);
    restrict();
  };
  const panel = new Panel(data, selection, changed, {
    searchTexts: (text) => void searchTexts(text),
    showAll: () => {
      found = undefined;
      select([]);
    },
    save: (format) => {
      const isShown = (point: number): boolean => selection.isPointShown(point);
      void exportTexts(data, texts, isShown, format).then((content) => download(`selection.${format}`, content));
    },
  });

  view.addToggle('≈', 'Density contours', false, (isOn) => {
    hasContours = isOn;
    drawContours();
  });
  if (data.regions.length > 0)
    view.addToggle('A', 'Labels of regions', true, (isOn) => {
      view.overlay.regions = isOn ? data.regions : [];
    });
  document.body.append(view.element, panel.element);
  view.start();
  recolour();
}

/** Contours of the largest groups that are shown. */
function contoursOf({ coordinates, valueIds }: PageData, selection: Selection, view: MapView) {
  const { column, colours } = selection;
  const counts = selection.counts();
  const groups = new Map(
    [...column.values.keys()]
      .filter((category) => selection.isOn(category) && counts[category]! > 0)
      .sort((a, b) => counts[b]! - counts[a]!)
      .slice(0, MOST_CONTOURS)
      .map((category) => [category, [] as number[]]),
  );
  valueIds.forEach((id, point) => {
    if (selection.isPointShown(point)) groups.get(column.codes[id]!)?.push(point);
  });
  return [...groups].map(([category, own]) => groupContours(own, colours[category]!, coordinates, view.bounds));
}

readPageData()
  .then(start)
  .catch((error: unknown) => {
    document.body.append(
      make('p', { className: 'failure', textContent: error instanceof Error ? error.message : String(error) }),
    );
    throw error;
  });
