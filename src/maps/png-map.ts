import { EngineError } from '../core/errors.js';
import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import { svgMap } from './svg-map.js';
import type { ValueMap } from './value-map.js';

/** Pixels per unit of the SVG, for sharp results in print and on high-density screens. */
const SCALE = 2;

/** @throws EngineError `ERR_NATIVE_LOAD` without the package @napi-rs/canvas */
export function importCanvas() {
  return importOptional(OPTIONAL_FEATURES.png, () => import('@napi-rs/canvas'));
}

/**
 * Renders the SVG of {@link svgMap} as a PNG with Skia.
 *
 * @throws EngineError `ERR_NATIVE_LOAD` without the package @napi-rs/canvas, `ERR_DEVICE_UNAVAILABLE` without a font
 */
export async function pngMap(map: ValueMap): Promise<Uint8Array> {
  const { createCanvas, GlobalFonts, loadImage } = await importCanvas();
  if (GlobalFonts.families.length === 0) {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      'A PNG needs a font for its legend, and this system has none; ' +
        'install one (Debian: apt-get install fonts-dejavu-core) or write an SVG',
    );
  }
  const picture = await loadImage(Buffer.from(svgMap(map)));
  const canvas = createCanvas(picture.width * SCALE, picture.height * SCALE);
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.encode('png');
}
