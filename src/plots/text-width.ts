/** Returns an upper estimate of the width of a text in pixels: 0.58 em per character, 1 em for CJK. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) ems += character >= '\u2e80' ? 1 : 0.58;
  return Math.ceil(ems * fontSize);
}
