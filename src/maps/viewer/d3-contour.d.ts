declare module 'd3-contour' {
  /** Polygons of one threshold: rings of points, the first one outside and the others holes. */
  export interface Contour {
    value: number;
    coordinates: [number, number][][][];
  }

  export interface DensityContours<T> {
    (data: Iterable<T>): Contour[];
    x(x: (entry: T) => number): this;
    y(y: (entry: T) => number): this;
    size(size: [number, number]): this;
    cellSize(size: number): this;
    bandwidth(bandwidth: number): this;
    thresholds(count: number): this;
  }

  export function contourDensity<T>(): DensityContours<T>;
}
