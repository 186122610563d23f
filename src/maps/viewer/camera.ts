/** Visible part of the map: its centre in map units and the number of CSS pixels per unit. */

/** Margin around the points in pixels when the entire map is shown. */
const MARGIN = 28;
const MAX_ZOOM = 2000;

export class Camera {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  #fitted = 1;

  constructor(private readonly bounds: readonly [number, number, number, number]) {}

  /** Magnification relative to the view of the entire map. */
  get zoom(): number {
    return this.scale / this.#fitted;
  }

  resize(width: number, height: number): void {
    const zoom = this.zoom;
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    const [left, bottom, right, top] = this.bounds;
    const fit = (pixels: number, extent: number): number => Math.max(1, pixels - 2 * MARGIN) / (extent || 1);
    this.#fitted = Math.min(fit(this.width, right - left), fit(this.height, top - bottom));
    this.scale = this.#fitted * zoom;
  }

  showAll(): void {
    const [left, bottom, right, top] = this.bounds;
    this.x = (left + right) / 2;
    this.y = (bottom + top) / 2;
    this.scale = this.#fitted;
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  /** Zooms and keeps the point under the pixel in place. */
  zoomAt(factor: number, pixelX: number, pixelY: number): void {
    const before = this.toMap(pixelX, pixelY);
    this.scale = Math.min(this.#fitted * MAX_ZOOM, Math.max(this.#fitted / 2, this.scale * factor));
    const after = this.toMap(pixelX, pixelY);
    this.x += before.x - after.x;
    this.y += before.y - after.y;
  }

  toMap(pixelX: number, pixelY: number): { x: number; y: number } {
    return { x: this.x + (pixelX - this.width / 2) / this.scale, y: this.y - (pixelY - this.height / 2) / this.scale };
  }

  toPixel(x: number, y: number): { x: number; y: number } {
    return { x: this.width / 2 + (x - this.x) * this.scale, y: this.height / 2 - (y - this.y) * this.scale };
  }
}
