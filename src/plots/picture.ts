/** A finished plot. */
export interface Picture {
  /** File name, ending in `.svg`. */
  file: string;
  caption: string;
  svg: string;
}
