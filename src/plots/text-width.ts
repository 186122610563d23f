/** Width of a text in pixels, estimated from above for the widest of the fonts: 0.58 em a character, 1 em for CJK. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) ems += character >= '\u2e80' ? 1 : 0.58;
  return Math.ceil(ems * fontSize);
}
