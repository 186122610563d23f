import type * as CanvasModule from '@napi-rs/canvas';

import { EngineError } from '../core/errors.js';
import { svgMap } from './svg-map.js';
import type { ValueMap } from './value-map.js';

/** Pixels per unit of the SVG: sharp on screens of high density and in print. */
const SCALE = 2;

/**
 * The picture of {@link svgMap} as a PNG, drawn by Skia.
 *
 * @throws EngineError `ERR_DEVICE_UNAVAILABLE` where the optional package @napi-rs/canvas or a font is missing
 */
export async function pngMap(map: ValueMap): Promise<Uint8Array> {
  const { createCanvas, GlobalFonts, loadImage } = await loadCanvas();
  if (GlobalFonts.families.length === 0) {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      'A PNG needs a font for its legend and this system has none; install one (Debian: apt-get install fonts-dejavu-core) or write an SVG',
    );
  }
  const picture = await loadImage(Buffer.from(svgMap(map)));
  const canvas = createCanvas(picture.width * SCALE, picture.height * SCALE);
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.encode('png');
}

async function loadCanvas(): Promise<typeof CanvasModule> {
  try {
    return await import('@napi-rs/canvas');
  } catch (cause) {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      'A PNG needs the optional package @napi-rs/canvas, which is not installed or has no build for this platform; "npm install @napi-rs/canvas" adds it. An SVG needs nothing',
      { cause },
    );
  }
}
