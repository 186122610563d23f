/** Splits blocks of shell commands in the documentation. Knows what the documentation uses, not all of a shell. */

/** Splits a line into words, like a shell: quotes, backslashes, and a comment behind a space. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== '' && !rest.startsWith('#')) {
    const [word = ''] = /^(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/.exec(rest) ?? [];
    if (word === '') throw new Error(`A quote is not closed: ${line}`);
    words.push(word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, '$1$2$3'));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

/** The commands of a block as lists of words. A backslash at the end of a line continues it. */
export function commandsOf(block: string): string[][] {
  const lines = block.replaceAll(/\\\n/g, ' ').split('\n');
  return lines
    .map(splitWords)
    .flatMap((words) => splitAt(words, (word) => word === '&&' || word === '|'))
    .filter((words) => words.length > 0);
}

function splitAt(words: readonly string[], isBorder: (word: string) => boolean): string[][] {
  const border = words.findIndex(isBorder);
  return border < 0 ? [[...words]] : [words.slice(0, border), ...splitAt(words.slice(border + 1), isBorder)];
}
