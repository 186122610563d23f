/** What is drawn over the points: contours, labels of regions, lines to neighbours, and the lasso. */
import type { Region } from '../value-map.js';
import type { Camera } from './camera.js';
import type { GroupContours } from './contours.js';
import { placeLabels } from './label-layout.js';
import type { Polygon } from './lasso.js';
import { make } from './make.js';

/** Lines from one place to points, in map units. */
export interface Star {
  x: number;
  y: number;
  ends: { x: number; y: number }[];
}

const FONT = 'system-ui, sans-serif';

export class Overlay {
  readonly canvas = make('canvas', { className: 'overlay' });
  regions: readonly Region[] = [];
  contours: readonly GroupContours[] = [];
  polygon: Polygon = [];
  star: Star | undefined;
  /** Texts of the labels that were drawn last. */
  shownLabels: string[] = [];
  readonly #context = this.canvas.getContext('2d')!;
  readonly #widths = new Map<string, number>();

  constructor() {
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  resize(width: number, height: number, pixelRatio: number): void {
    this.canvas.width = Math.round(width * pixelRatio);
    this.canvas.height = Math.round(height * pixelRatio);
  }

  draw(camera: Camera, pixelRatio: number): void {
    const context = this.#context;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const { color: ink, backgroundColor: ground } = getComputedStyle(document.body);
    this.#drawContours(camera);
    this.#drawStar(camera, ink);
    this.#drawPolygon(camera, ink);
    this.#drawLabels(camera, ink, ground);
  }

  #drawContours(camera: Camera): void {
    const context = this.#context;
    context.lineWidth = 1.2;
    for (const { colour, rings } of this.contours) {
      context.strokeStyle = colour;
      context.beginPath();
      for (const ring of rings) {
        ring.forEach(([x, y], i) => {
          const pixel = camera.toPixel(x, y);
          if (i === 0) context.moveTo(pixel.x, pixel.y);
          else context.lineTo(pixel.x, pixel.y);
        });
      }
      context.stroke();
    }
  }

  #drawStar(camera: Camera, ink: string): void {
    if (!this.star) return;
    const context = this.#context;
    const centre = camera.toPixel(this.star.x, this.star.y);
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 1;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (const end of this.star.ends) {
      const { x, y } = camera.toPixel(end.x, end.y);
      context.moveTo(centre.x, centre.y);
      context.lineTo(x, y);
    }
    context.stroke();
    context.globalAlpha = 1;
    context.lineWidth = 3;
    context.beginPath();
    for (const [dx, dy] of [
      [1, 1],
      [1, -1],
    ] as const) {
      context.moveTo(centre.x - 7 * dx, centre.y - 7 * dy);
      context.lineTo(centre.x + 7 * dx, centre.y + 7 * dy);
    }
    context.stroke();
  }

  #drawPolygon(camera: Camera, ink: string): void {
    if (this.polygon.length < 4) return;
    const context = this.#context;
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 1.5;
    context.setLineDash([6, 4]);
    context.beginPath();
    for (let i = 0; i < this.polygon.length; i += 2) {
      const { x, y } = camera.toPixel(this.polygon[i]!, this.polygon[i + 1]!);
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.closePath();
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 0.06;
    context.fill();
    context.globalAlpha = 1;
  }

  #drawLabels(camera: Camera, ink: string, ground: string): void {
    const context = this.#context;
    const widthOf = (text: string, size: number): number => {
      // Measured once: the width grows with the font.
      let width = this.#widths.get(text);
      if (width === undefined) {
        context.font = `600 100px ${FONT}`;
        this.#widths.set(text, (width = context.measureText(text).width / 100));
      }
      return width * size;
    };
    const labels = placeLabels(this.regions, camera, widthOf);
    this.shownLabels = labels.map(({ region }) => region.label);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    context.lineWidth = 4;
    for (const { region, x, y, size } of labels) {
      context.font = `600 ${size}px ${FONT}`;
      context.strokeStyle = ground;
      context.globalAlpha = 0.85;
      context.strokeText(region.label, x, y);
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.fillText(region.label, x, y);
    }
  }
}
