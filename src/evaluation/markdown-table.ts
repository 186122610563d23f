/** Formats a Markdown table. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [row(header), `|${' --- |'.repeat(header.length)}`, ...lines.map(row)].join('\n');
}

/** Keeps a name from ending a cell or a line. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
