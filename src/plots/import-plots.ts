import { importOptional } from '../core/optional-package.js';

/** A plot that is done. */
export interface Picture {
  /** Name of its file, ending in `.svg`. */
  file: string;
  caption: string;
  svg: string;
}

/**
 * Imports a module that draws: Observable Plot and the document that it draws into are only for those who want
 * pictures.
 *
 * @param purpose as for {@link importOptional}
 */
export function importPlots<T>(purpose: string, load: () => Promise<T>): Promise<T> {
  return importOptional(['@observablehq/plot', 'linkedom'], purpose, load);
}
