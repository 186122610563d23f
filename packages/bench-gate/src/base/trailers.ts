/**
 * Reads slow-downs that commit messages accept:
 *
 *     Accept-Slowdown: parse/small up to 15 %: checks for duplicate keys
 *     Accept-Slowdown: parse/small [instructions] up to 9 %: checks for duplicate keys
 */
import type { Acceptance } from '../verdict/accepted.js';
import { tryGit } from './git.js';

export const TRAILER = 'Accept-Slowdown';

const VALUE = /^(?<benchmark>.+?)(?: \[(?<counter>\w+)\])? up to (?<percent>\d+(?:\.\d+)?) ?%: (?<reason>.*\S)/;

/** Parses the value of a trailer. Returns undefined if it has another form. */
export function parseTrailer(value: string, commit: string): Acceptance | undefined {
  const { benchmark, counter, percent, reason } = VALUE.exec(value.trim())?.groups ?? {};
  if (benchmark === undefined || reason === undefined || !(Number(percent) > 0)) return undefined;
  return { benchmark, ...(counter === undefined ? {} : { counter }), upTo: Number(percent) / 100, reason, commit };
}

/** Writes the value that {@link parseTrailer} reads. */
export function formatTrailer({ benchmark, counter, upTo, reason }: Omit<Acceptance, 'commit'>): string {
  const percent = Number((100 * upTo).toFixed(1));
  return `${TRAILER}: ${benchmark}${counter === undefined ? '' : ` [${counter}]`} up to ${percent} %: ${reason}`;
}

/**
 * Returns what the commits after `base` accept, up to HEAD.
 *
 * @param log receives a line about each trailer that cannot be read; it cannot be an error, because a commit that is
 *   part of the main branch cannot be corrected
 */
export async function acceptedByTrailers(
  root: string,
  base: string,
  log: (text: string) => void,
  signal?: AbortSignal,
): Promise<Acceptance[]> {
  const format = `%h%x00%(trailers:key=${TRAILER},valueonly=true,unfold=true)%x00`;
  const text = (await tryGit(root, ['log', `--format=${format}`, `${base}..HEAD`], signal)) ?? '';
  const fields = text.split('\0').map((field) => field.trim());
  const accepted: Acceptance[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [commit, values] = [fields[i]!, fields[i + 1]!];
    for (const value of values.split('\n').filter((line) => line.trim() !== '')) {
      const entry = parseTrailer(value, commit);
      if (entry) accepted.push(entry);
      else log(`Commit ${commit}: expected "${TRAILER}: NAME up to 15 %: REASON", got "${value.trim()}"`);
    }
  }
  return accepted;
}
