/**
 * Colours of categories, visible on light and dark backgrounds. The viewer also uses this module, so it must not depend
 * on Node.
 */

/** Distinguishable with common colour-vision deficiencies (Okabe and Ito, with a darker yellow). */
const FEW = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#b59f00', '#8a8a8a'] as const;

/** Lightness and chroma (OKLCH) of successive colours, so that neighbours in a list differ in more than hue. */
const TONES = [
  [0.64, 0.17],
  [0.76, 0.12],
  [0.54, 0.14],
] as const;
/** The golden angle in degrees, which spreads any number of consecutive hues well. */
const HUE_STEP = 137.508;

/** Returns `count` colours as `#rrggbb`. The same count gives the same colours. */
export function categoricalColours(count: number): string[] {
  if (count <= FEW.length) return FEW.slice(0, count);
  return Array.from({ length: count }, (_, i) => {
    const [lightness, chroma] = TONES[i % TONES.length]!;
    return oklchToHex(lightness, chroma, (30 + i * HUE_STEP) % 360);
  });
}

/** Converts OKLCH (Ottosson 2020) to sRGB and clips values outside of sRGB. */
function oklchToHex(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const channel = (value: number): string => {
    const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, encoded)))
      .toString(16)
      .padStart(2, '0');
  };
  return `#${linear.map(channel).join('')}`;
}
