/** What a pointer does on the map: it moves the view, points at a point, or draws a lasso or a rectangle. */
import type { Camera } from './camera.js';
import { type Polygon, rectangle } from './lasso.js';

export type PointerMode = 'move' | 'lasso' | 'rectangle';

/** Minimum movement in pixels that makes a press a drag instead of a click. */
const DRAG = 4;
/** Distance in pixels between two corners of a lasso. */
const LASSO_STEP = 5;

export interface PointerActions {
  hover: (x: number, y: number) => void;
  leave: () => void;
  click: (x: number, y: number) => void;
  /** The view has changed. */
  moved: () => void;
  /** The polygon while it is drawn, in map units. */
  drawing: (polygon: Polygon) => void;
  drawn: (polygon: Polygon) => void;
}

export class PointerControl {
  mode: PointerMode = 'move';

  constructor(
    canvas: HTMLCanvasElement,
    private readonly camera: Camera,
    private readonly actions: PointerActions,
  ) {
    let pressed: { x: number; y: number; dragging: boolean } | undefined;
    let corners: number[] = [];
    const polygonTo = (x: number, y: number): Polygon => {
      const { x: mapX, y: mapY } = camera.toMap(x, y);
      if (this.mode === 'rectangle') return rectangle(corners[0]!, corners[1]!, mapX, mapY);
      const last = camera.toPixel(corners.at(-2)!, corners.at(-1)!);
      if (Math.hypot(x - last.x, y - last.y) >= LASSO_STEP) corners.push(mapX, mapY);
      return corners;
    };
    canvas.addEventListener('pointerdown', ({ offsetX: x, offsetY: y, pointerId, button }) => {
      if (button !== 0) return;
      pressed = { x, y, dragging: false };
      const place = camera.toMap(x, y);
      corners = [place.x, place.y];
      canvas.setPointerCapture(pointerId);
    });
    canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y }) => {
      if (!pressed) {
        actions.hover(x, y);
        return;
      }
      if (!pressed.dragging && Math.hypot(x - pressed.x, y - pressed.y) < DRAG) return;
      if (this.mode === 'move') {
        camera.pan(x - pressed.x, y - pressed.y);
        actions.moved();
      } else actions.drawing(polygonTo(x, y));
      pressed = { x, y, dragging: true };
    });
    canvas.addEventListener('pointerup', ({ offsetX: x, offsetY: y }) => {
      const was = pressed;
      pressed = undefined;
      if (!was) return;
      if (!was.dragging) actions.click(x, y);
      else if (this.mode !== 'move') actions.drawn([...polygonTo(x, y)]);
    });
    canvas.addEventListener('pointercancel', () => (pressed = undefined));
    canvas.addEventListener('pointerleave', () => actions.leave());
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    // Converts lines and pages, which some mice report, to pixels.
    const pixels = event.deltaY * ([1, 16, 400][event.deltaMode] ?? 1);
    this.camera.zoomAt(Math.exp(-Math.max(-300, Math.min(300, pixels)) * 0.002), event.offsetX, event.offsetY);
    this.actions.moved();
  }
}
