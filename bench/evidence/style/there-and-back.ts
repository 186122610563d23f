/** Translation into Spanish and back, with the rules and dictionaries of Apertium. */
import { execFile, execFileSync } from 'node:child_process';

/** Texts of one call. The program takes half a second to start. */
const TEXTS = 200;
const MAX_OUTPUT_BYTES = 2 ** 26;
/** A number that the rules do not touch marks the place between two texts. */
const MARK = '90817263';
const BETWEEN = new RegExp(`\\s*${MARK}\\s*\\.?\\s*`);

/** Whether Apertium and its pair English and Spanish are installed. */
export function canTranslate(): boolean {
  try {
    const modes = execFileSync('apertium', ['-l'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return ['eng-spa', 'spa-eng'].every((mode) => modes.split(/\s+/).includes(mode));
  } catch {
    return false;
  }
}

/** Translates English texts into Spanish and back. A text is one line. */
export async function thereAndBack(texts: readonly string[], onProgress: (done: number) => void): Promise<string[]> {
  const result: string[] = [];
  for (let start = 0; start < texts.length; start += TEXTS) {
    const spanish = await translate('eng-spa', texts.slice(start, start + TEXTS));
    result.push(...(await translate('spa-eng', spanish)));
    onProgress(result.length);
  }
  return result;
}

async function translate(pair: string, texts: readonly string[]): Promise<string[]> {
  const output = await run(pair, texts.join(`\n\n${MARK}\n\n`));
  const translated = output.trim().split(BETWEEN);
  if (translated.length === texts.length) return translated;
  if (texts.length === 1) throw new Error(`apertium ${pair} made ${translated.length} texts of one: ${texts[0]!}`);
  const half = Math.ceil(texts.length / 2);
  return [...(await translate(pair, texts.slice(0, half))), ...(await translate(pair, texts.slice(half)))];
}

function run(pair: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // -u: no asterisk before unknown words. cat: Apertium opens /dev/stdin by name, which fails for Node's sockets.
    const args = ['-c', 'cat | apertium -u "$0"', pair];
    const child = execFile('sh', args, { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout) => {
      if (error) reject(new Error(`apertium ${pair} failed`, { cause: error }));
      else resolve(stdout);
    });
    child.stdin!.end(input);
  });
}
