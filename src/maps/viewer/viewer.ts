/** Entry of a map page: unpacks the points, draws them, and handles pointer and keys. */
import { boundsOf } from '../value-map.js';
import { Camera } from './camera.js';
import { make } from './make.js';
import { type PageData, readPageData } from './page-data.js';
import { Panel } from './panel.js';
import { PointGrid } from './point-grid.js';
import { DIMMED, HIDDEN, Scene, SHOWN } from './scene.js';
import { Selection } from './selection.js';
import { toggleTheme } from './theme.js';
import { Tooltip } from './tooltip.js';

/** Maximum distance in pixels at which the pointer selects a point. */
const REACH = 10;
/** Minimum movement in pixels that makes a press a drag instead of a click. */
const DRAG = 4;
const ZOOM_STEP = 1.5;
const PAN_STEP = 60;

/** Returns a fixed random order. Points in the order of the data would let the last model cover the others. */
function shuffledOrder(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function start(data: PageData): void {
  const { points, coordinates, valueIds } = data;
  const order = shuffledOrder(points);
  const drawn = new Float32Array(points * 2);
  order.forEach((point, i) => {
    drawn[2 * i] = coordinates[2 * point]!;
    drawn[2 * i + 1] = coordinates[2 * point + 1]!;
  });
  const bounds = boundsOf(coordinates);
  const camera = new Camera(bounds);
  const grid = new PointGrid(coordinates, bounds);
  const selection = new Selection(data);
  const tooltip = new Tooltip(data, selection);
  const canvas = make('canvas', { tabIndex: 0 });
  canvas.setAttribute('aria-label', `Map of ${points} answers. Arrow keys move it, plus and minus zoom, 0 shows all.`);
  const stage = make('main', { className: 'stage' }, [canvas, tooltip.marker, tooltip.element]);
  const scene = Scene.create(canvas, drawn, () => redraw());
  if (!scene) throw new Error('This browser has no WebGL, which the map needs');

  const size = Math.min(7, Math.max(2, 6 * (5000 / points) ** 0.3));
  const opacity = points > 50_000 ? 0.7 : 0.85;
  let queued = false;
  const redraw = (): void => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => {
      queued = false;
      scene.draw(camera, Math.min(16, size * camera.zoom ** 0.3), opacity, devicePixelRatio);
      placeTooltip();
      document.documentElement.dataset['ready'] = 'true';
    });
  };

  const recolour = (): void => {
    const { column, colours, focus } = selection;
    const rgb = colours.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    const states = column.codes.map((category, id) => {
      if (!selection.isFound(id)) return HIDDEN;
      if (focus !== undefined) return focus === category ? SHOWN : DIMMED;
      return selection.isOn(category) ? SHOWN : DIMMED;
    });
    const pixels = new Uint8Array(points * 4);
    order.forEach((point, i) => {
      const id = valueIds[point]!;
      pixels.set(rgb[column.codes[id]!]!, 4 * i);
      pixels[4 * i + 3] = states[id]!;
    });
    scene.setColours(pixels, states.includes(DIMMED));
    redraw();
  };

  const panel = new Panel(data, selection, () => {
    if (tooltip.point >= 0 && !selection.isShown(valueIds[tooltip.point]!)) release();
    recolour();
  });

  const placeTooltip = (): void => {
    if (tooltip.point < 0) return;
    const { x, y } = camera.toPixel(coordinates[2 * tooltip.point]!, coordinates[2 * tooltip.point + 1]!);
    tooltip.place(x, y, camera.width, camera.height);
  };
  const release = (): void => {
    tooltip.pinned = false;
    void tooltip.show(-1);
  };
  const pointAt = (x: number, y: number): number => {
    const place = camera.toMap(x, y);
    return grid.nearest(place.x, place.y, REACH / camera.scale, (point) => selection.isShown(valueIds[point]!));
  };
  const hover = async (x: number, y: number): Promise<void> => {
    const shown = tooltip.show(pointAt(x, y));
    placeTooltip();
    await shown;
    placeTooltip(); // its size depends on its texts
  };

  let pressed: { x: number; y: number; dragging: boolean } | undefined;
  canvas.addEventListener('pointerdown', ({ offsetX: x, offsetY: y, pointerId }) => {
    pressed = { x, y, dragging: false };
    canvas.setPointerCapture(pointerId);
  });
  canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y }) => {
    if (!pressed) {
      if (!tooltip.pinned) void hover(x, y);
      return;
    }
    if (!pressed.dragging && Math.hypot(x - pressed.x, y - pressed.y) < DRAG) return;
    camera.pan(x - pressed.x, y - pressed.y);
    pressed = { x, y, dragging: true };
    redraw();
  });
  canvas.addEventListener('pointerup', ({ offsetX: x, offsetY: y }) => {
    const isClick = pressed?.dragging === false;
    pressed = undefined;
    if (!isClick) return;
    release();
    void hover(x, y);
    tooltip.pinned = tooltip.point >= 0;
  });
  canvas.addEventListener('pointercancel', () => (pressed = undefined));
  canvas.addEventListener('pointerleave', () => {
    if (!tooltip.pinned) release();
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      // Converts lines and pages, which some mice report, to pixels.
      const pixels = event.deltaY * ([1, 16, 400][event.deltaMode] ?? 1);
      camera.zoomAt(Math.exp(-Math.max(-300, Math.min(300, pixels)) * 0.002), event.offsetX, event.offsetY);
      redraw();
    },
    { passive: false },
  );

  const zoom = (factor: number): void => {
    camera.zoomAt(factor, camera.width / 2, camera.height / 2);
    redraw();
  };
  const showAll = (): void => {
    camera.showAll();
    redraw();
  };
  const pan = (dx: number, dy: number): void => {
    camera.pan(dx, dy);
    redraw();
  };
  const keys: Record<string, () => void> = {
    '+': () => zoom(ZOOM_STEP),
    '=': () => zoom(ZOOM_STEP),
    '-': () => zoom(1 / ZOOM_STEP),
    '0': showAll,
    Escape: release,
    ArrowLeft: () => pan(PAN_STEP, 0),
    ArrowRight: () => pan(-PAN_STEP, 0),
    ArrowUp: () => pan(0, PAN_STEP),
    ArrowDown: () => pan(0, -PAN_STEP),
  };
  canvas.addEventListener('keydown', (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  const button = (text: string, title: string, action: () => void): HTMLButtonElement => {
    const element = make('button', { type: 'button', textContent: text, title });
    element.setAttribute('aria-label', title);
    element.addEventListener('click', action);
    return element;
  };
  stage.append(
    make('div', { className: 'tools' }, [
      button('+', 'Zoom in', () => zoom(ZOOM_STEP)),
      button('−', 'Zoom out', () => zoom(1 / ZOOM_STEP)),
      button('⤢', 'Show the entire map', showAll),
      button('◐', 'Light or dark', toggleTheme),
    ]),
  );
  document.body.append(stage, panel.element);
  const resize = (): void => {
    canvas.width = Math.round(stage.clientWidth * devicePixelRatio);
    canvas.height = Math.round(stage.clientHeight * devicePixelRatio);
    camera.resize(stage.clientWidth, stage.clientHeight);
    redraw();
  };
  resize();
  camera.showAll();
  recolour();
  new ResizeObserver(resize).observe(stage);
}

readPageData()
  .then(start)
  .catch((error: unknown) => {
    document.body.append(
      make('p', { className: 'failure', textContent: error instanceof Error ? error.message : String(error) }),
    );
    throw error;
  });
