import { importOptional } from '../core/optional-package.js';

/** A finished plot. */
export interface Picture {
  /** File name, ending in `.svg`. */
  file: string;
  caption: string;
  svg: string;
}

/**
 * Imports a module that draws plots. Observable Plot and linkedom, which it draws into, are optional packages.
 *
 * @param purpose as for {@link importOptional}
 */
export function importPlots<T>(purpose: string, load: () => Promise<T>): Promise<T> {
  return importOptional(['@observablehq/plot', 'linkedom'], purpose, load);
}
