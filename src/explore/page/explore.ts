/** Entry of the page for exploration: loads what the map needs, and connects its parts. */
import { groupContours } from '../../maps/viewer/contours.js';
import { make } from '../../maps/viewer/make.js';
import { MapView } from '../../maps/viewer/map-view.js';
import { AnswersTab } from './answers-tab.js';
import { Card } from './card.js';
import { coloursOf, pixelsOf, SIDE_COLOURS } from './colouring.js';
import { compareTab } from './compare-tab.js';
import { Explorer, type TabName } from './explorer.js';
import { formatCount } from './facets.js';
import { filterTab } from './filter-tab.js';
import { identifyTab } from './identify-tab.js';
import { loadMapData, type MapData } from './map-data.js';
import { SearchTab } from './search-tab.js';
import { Tabs } from './tabs.js';
import { restoreView, viewKeeper } from './view-state.js';

/** Groups whose contours are drawn, the largest ones: more lines would hide each other. */
const MOST_CONTOURS = 6;
const CLOSE = 6;

function start(data: MapData): void {
  document.title = `${data.title} · univar explore`;
  const explorer = new Explorer(data);
  const { filters } = explorer;
  const view = new MapView({
    coordinates: data.coordinates,
    isShown: (row) => filters.shown[row] === 1,
    onHover: (row) => {
      if (!card.pinned) void card.show(row);
    },
    onClick: (row) => card.pin(row),
    onEscape: () => {
      card.release();
      explorer.tell('spot', undefined);
      if (explorer.polygon.length > 0) explorer.select([]);
    },
    onPolygon: (polygon) => explorer.select(polygon),
    onFrame: () => {
      card.place();
      keepView();
    },
  });
  const card = new Card(explorer, view);
  const keepView = viewKeeper(explorer, view);
  view.overlay.regions = data.regions;
  view.element.append(card.marker, card.element);

  let hasContours = false;
  const drawContours = (): void => {
    view.overlay.contours = hasContours ? contoursOf(explorer, view) : [];
  };
  const recolour = (): void => {
    view.setColours(pixelsOf(explorer.colouring, data, view.order, filters.shown, explorer.focus));
  };
  const status = make('p', { className: 'status' });
  status.setAttribute('role', 'status');
  const showAll = make('button', { type: 'button', className: 'link', textContent: 'show all' });
  showAll.addEventListener('click', () => explorer.clear());
  explorer.on('filters', () => {
    status.textContent = `${formatCount(filters.count)} of ${formatCount(data.rows)} answers shown`;
    showAll.hidden = !filters.isActive;
    view.overlay.polygon = explorer.polygon;
    if (card.row >= 0 && !filters.shown[card.row]) card.release();
    drawContours();
    recolour();
  });
  explorer.on('colouring', () => {
    if (explorer.colouring.kind === 'sides') card.release();
    if (explorer.focus === undefined) drawContours();
    recolour();
  });
  explorer.on('spot', (spot) => {
    // The card of another answer would cover the lines, and a cross outside of the map could not be seen.
    const own = card.row >= 0 ? explorer.placeOf(card.row) : undefined;
    if (spot && (spot.x !== own?.x || spot.y !== own.y)) {
      card.release();
      if (!view.isVisible(spot.x, spot.y)) view.goTo(spot.x, spot.y, 1);
    }
    view.overlay.star = spot && { ...spot, ends: spot.rows.map((row) => explorer.placeOf(row)) };
    view.redraw();
  });
  explorer.on('row', (row) => {
    const { x, y } = explorer.placeOf(row);
    view.goTo(x, y, CLOSE);
    card.pin(row);
  });
  explorer.on('tab', (name) => tabs.open(name));
  explorer.on('search', (text) => {
    tabs.open('search');
    search.start(text);
  });

  view.addToggle('≈', 'Density contours', false, (isOn) => {
    hasContours = isOn;
    drawContours();
  });
  view.addToggle('A', 'Labels of regions', true, (isOn) => {
    view.overlay.regions = isOn ? data.regions : [];
  });

  const search = new SearchTab(explorer);
  const answers = new AnswersTab(explorer);
  const tabs = new Tabs<TabName>(
    [
      { name: 'filter', title: 'Filter', content: filterTab(explorer) },
      { name: 'search', title: 'Search', content: search.element },
      { name: 'answers', title: 'Answers', content: answers.element },
      { name: 'identify', title: 'Identify', content: identifyTab(explorer) },
      { name: 'compare', title: 'Compare', content: compareTab(explorer) },
    ],
    (name) => {
      answers.isOpen = name === 'answers';
    },
  );
  const subtitle = `${formatCount(data.rows)} answers to ${formatCount(data.questions)} questions, ${formatCount(
    data.columns[0]!.values.length,
  )} value ids, drawn by ${data.encoder}`;
  const panel = make('aside', { className: 'panel' }, [
    make('h1', { textContent: data.title }),
    make('p', { className: 'subtitle', textContent: subtitle }),
    make('div', { className: 'bar' }, [status, showAll]),
    tabs.element,
  ]);
  document.body.append(view.element, panel);
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
      return;
    event.preventDefault();
    tabs.open('search');
    search.focus();
  });
  view.start();
  restoreView(explorer, view, location.hash);
}

/** Contours of the largest groups of what is shown, or of all shown points if colours are numbers. */
function contoursOf({ colouring, data, filters }: Explorer, view: MapView) {
  const { rowValueIds, columns, coordinates } = data;
  const groups = new Map<number, { colour: string; rows: number[] }>();
  if (colouring.kind === 'number') groups.set(0, { colour: '#8a8a8a', rows: [] });
  else if (colouring.kind === 'sides') {
    for (const [i, category] of colouring.sides.entries()) groups.set(category, { colour: SIDE_COLOURS[i]!, rows: [] });
  } else {
    const column = columns[colouring.column]!;
    const colours = coloursOf(column);
    const counts = filters.counts[colouring.column]!;
    const chosen = filters.categories[colouring.column];
    [...column.values.keys()]
      .filter((category) => chosen?.has(category) ?? true)
      .sort((a, b) => counts[b]! - counts[a]!)
      .slice(0, MOST_CONTOURS)
      .forEach((category) => groups.set(category, { colour: colours[category]!, rows: [] }));
  }
  const codes = colouring.kind === 'number' ? undefined : columns[colouring.column]!.codes;
  for (let row = 0; row < rowValueIds.length; row++)
    if (filters.shown[row]) groups.get(codes ? codes[rowValueIds[row]!]! : 0)?.rows.push(row);
  return [...groups.values()]
    .filter(({ rows }) => rows.length > 0)
    .map(({ colour, rows }) => groupContours(rows, colour, coordinates, view.bounds));
}

loadMapData()
  .then(start)
  .catch((error: unknown) => {
    document.body.append(
      make('p', { className: 'failure', textContent: error instanceof Error ? error.message : String(error) }),
    );
    throw error;
  });
