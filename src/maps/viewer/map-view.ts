/** The map: points, what is drawn over them, and the tools that move it and select points. */
import { boundsOf } from '../value-map.js';
import { Camera } from './camera.js';
import { shuffledOrder } from './drawing-order.js';
import { FrameBudget } from './frame-budget.js';
import type { Polygon } from './lasso.js';
import { make } from './make.js';
import { Overlay } from './overlay.js';
import { PointGrid } from './point-grid.js';
import { PointerControl, type PointerMode } from './pointer.js';
import { Scene } from './scene.js';
import { toggleTheme } from './theme.js';

/** Maximum distance in pixels at which the pointer selects a point. */
const REACH = 10;
const ZOOM_STEP = 1.5;
const PAN_STEP = 60;
/** Points of the first picture at most, which is timed. */
const MEASURED_POINTS = 100_000;
/** Time without a frame after which the map rests. */
const REST_MS = 200;

export interface MapViewOptions {
  /** [points, 2] */
  coordinates: Float32Array;
  /** Whether a point can be pointed at. */
  isShown: (point: number) => boolean;
  /** The pointer is at a point, or -1 at none. */
  onHover: (point: number) => void;
  onClick: (point: number) => void;
  onEscape: () => void;
  /** A lasso or a rectangle was drawn. */
  onPolygon: (polygon: Polygon) => void;
  /** After every frame. */
  onFrame: () => void;
}

export class MapView {
  readonly element = make('main', { className: 'stage' });
  readonly canvas = make('canvas', { tabIndex: 0 });
  readonly overlay = new Overlay();
  readonly camera: Camera;
  readonly bounds: [number, number, number, number];
  /** Point of each place in the order of drawing. */
  readonly order: Uint32Array;
  readonly tools = make('div', { className: 'tools' });
  readonly #scene: Scene;
  /** Made when it is needed first, which is after the first picture. */
  #grid: PointGrid | undefined;
  readonly #pointer: PointerControl;
  readonly #modes = new Map<PointerMode, HTMLButtonElement>();
  readonly #size: number;
  readonly #budget = new FrameBudget();
  #isMeasured = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #queued = false;

  /** @throws Error if the browser has no WebGL */
  constructor(private readonly options: MapViewOptions) {
    const { coordinates } = options;
    const points = coordinates.length / 2;
    this.order = shuffledOrder(points);
    const drawn = new Float32Array(points * 2);
    for (let i = 0; i < points; i++) {
      drawn[2 * i] = coordinates[2 * this.order[i]!]!;
      drawn[2 * i + 1] = coordinates[2 * this.order[i]! + 1]!;
    }
    this.bounds = boundsOf(coordinates);
    this.camera = new Camera(this.bounds);
    this.#size = Math.min(7, Math.max(2, 6 * (5000 / points) ** 0.3));
    this.canvas.setAttribute(
      'aria-label',
      `Map of ${points} answers. Arrow keys move it, plus and minus zoom, 0 shows all, L draws a lasso, R a rectangle.`,
    );
    this.element.append(this.canvas, this.overlay.canvas, this.tools);
    const scene = Scene.create(this.canvas, drawn, () => this.redraw());
    if (!scene) throw new Error('This browser has no WebGL, which the map needs');
    this.#scene = scene;
    this.#pointer = new PointerControl(this.canvas, this.camera, {
      hover: (x, y) => options.onHover(this.pointAt(x, y)),
      leave: () => options.onHover(-1),
      click: (x, y) => options.onClick(this.pointAt(x, y)),
      moved: () => this.redraw(),
      drawing: (polygon) => {
        this.overlay.polygon = polygon;
        this.redraw();
      },
      drawn: (polygon) => {
        this.setMode('move');
        options.onPolygon(polygon);
      },
    });
    this.#addTools();
    this.#addKeys();
  }

  /** Shows the entire map, and follows the size of its place. Call it once the element is in the page. */
  start(): void {
    this.#resize();
    this.camera.showAll();
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** @param pixels [points, 4] in the drawing order: see `Scene.setColours` */
  setColours(pixels: Uint8Array): void {
    this.#scene.setColours(pixels);
    this.redraw();
  }

  redraw(): void {
    if (this.#queued) return;
    this.#queued = true;
    clearTimeout(this.#resting); // the next frame can take longer to begin than a rest
    const wanted = performance.now();
    requestAnimationFrame((now) => {
      this.#queued = false;
      const share = this.#budget.next(now, wanted);
      this.#draw(this.#isMeasured ? share : Math.min(1, MEASURED_POINTS / this.order.length));
    });
  }

  /** @param share of the points to draw. If it is not 1, all are drawn as soon as the map rests */
  #draw(share: number): void {
    const opacity = this.order.length > 50_000 ? 0.7 : 0.85;
    const size = Math.min(16, this.#size * this.camera.zoom ** 0.3);
    const begin = performance.now();
    this.#scene.draw(this.camera, { size, opacity, share, pixelRatio: devicePixelRatio });
    if (!this.#isMeasured) {
      this.#isMeasured = true;
      this.#scene.finish();
      this.#budget.learn((performance.now() - begin) / share);
    }
    this.overlay.draw(this.camera, devicePixelRatio);
    this.options.onFrame();
    clearTimeout(this.#resting);
    const { dataset } = document.documentElement;
    dataset['drawn'] = 'true';
    if (share === 1) dataset['ready'] = 'true';
    else {
      delete dataset['ready'];
      this.#resting = setTimeout(() => {
        this.#budget.rest();
        this.#draw(1);
      }, REST_MS);
    }
  }

  /** The point at a pixel of the canvas, or -1. */
  pointAt(x: number, y: number): number {
    const place = this.camera.toMap(x, y);
    this.#grid ??= new PointGrid(this.options.coordinates, this.bounds);
    return this.#grid.nearest(place.x, place.y, REACH / this.camera.scale, this.options.isShown);
  }

  /** Pixel of a point. */
  pixelOf(point: number): { x: number; y: number } {
    const { coordinates } = this.options;
    return this.camera.toPixel(coordinates[2 * point]!, coordinates[2 * point + 1]!);
  }

  /** Whether a place is within the view. */
  isVisible(x: number, y: number): boolean {
    const { camera } = this;
    const pixel = camera.toPixel(x, y);
    return pixel.x >= 0 && pixel.y >= 0 && pixel.x <= camera.width && pixel.y <= camera.height;
  }

  /** Moves the view so that a place is in the middle, and at least this magnified. */
  goTo(x: number, y: number, zoom: number): void {
    this.camera.x = x;
    this.camera.y = y;
    if (this.camera.zoom < zoom) this.camera.scale *= zoom / this.camera.zoom;
    this.redraw();
  }

  setMode(mode: PointerMode): void {
    this.#pointer.mode = mode;
    for (const [other, button] of this.#modes) button.setAttribute('aria-pressed', String(other === mode));
  }

  addTool(text: string, title: string, action: () => void): HTMLButtonElement {
    const button = make('button', { type: 'button', textContent: text, title });
    button.setAttribute('aria-label', title);
    button.addEventListener('click', action);
    this.tools.append(button);
    return button;
  }

  /** Adds a tool that is on or off. */
  addToggle(text: string, title: string, isOn: boolean, action: (isOn: boolean) => void): void {
    let state = isOn;
    const button = this.addTool(text, title, () => {
      state = !state;
      button.setAttribute('aria-pressed', String(state));
      action(state);
      this.redraw();
    });
    button.setAttribute('aria-pressed', String(state));
  }

  #addTools(): void {
    this.addTool('+', 'Zoom in', () => this.#zoom(ZOOM_STEP));
    this.addTool('−', 'Zoom out', () => this.#zoom(1 / ZOOM_STEP));
    this.addTool('⤢', 'Show the entire map', () => this.#showAll());
    for (const [mode, text, title] of [
      ['lasso', '◌', 'Select with a lasso (L)'],
      ['rectangle', '▭', 'Select with a rectangle (R)'],
    ] as const)
      this.#modes.set(
        mode,
        this.addTool(text, title, () => this.#toggleMode(mode)),
      );
    this.addTool('◐', 'Light or dark', () => {
      toggleTheme();
      this.redraw();
    });
    this.setMode('move');
  }

  #addKeys(): void {
    const keys: Record<string, () => void> = {
      '+': () => this.#zoom(ZOOM_STEP),
      '=': () => this.#zoom(ZOOM_STEP),
      '-': () => this.#zoom(1 / ZOOM_STEP),
      '0': () => this.#showAll(),
      l: () => this.#toggleMode('lasso'),
      r: () => this.#toggleMode('rectangle'),
      Escape: () => {
        this.setMode('move');
        this.options.onEscape();
      },
      ArrowLeft: () => this.#pan(PAN_STEP, 0),
      ArrowRight: () => this.#pan(-PAN_STEP, 0),
      ArrowUp: () => this.#pan(0, PAN_STEP),
      ArrowDown: () => this.#pan(0, -PAN_STEP),
    };
    this.canvas.addEventListener('keydown', (event) => {
      const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
  }

  #toggleMode(mode: PointerMode): void {
    this.setMode(this.#pointer.mode === mode ? 'move' : mode);
  }

  #zoom(factor: number): void {
    this.camera.zoomAt(factor, this.camera.width / 2, this.camera.height / 2);
    this.redraw();
  }

  #showAll(): void {
    this.camera.showAll();
    this.redraw();
  }

  #pan(dx: number, dy: number): void {
    this.camera.pan(dx, dy);
    this.redraw();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.overlay.resize(width, height, devicePixelRatio);
    this.camera.resize(width, height);
    this.redraw();
  }
}
