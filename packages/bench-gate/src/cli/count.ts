import { count } from '../count.js';
import { formatCount, formatTable } from '../format.js';
import type { CliContext } from './context.js';

/** Prints the instructions of each benchmark, or why it cannot be counted. */
export async function runCount(
  names: readonly string[],
  { bench, json }: { bench: string[]; json: boolean },
  context: CliContext,
): Promise<void> {
  const { signal, log, progress } = context;
  const counts = await count({ bench, names, signal, log, onProgress: progress });
  if (json) {
    const plain = [...counts].map(([name, count]) => {
      return count.kind === 'counted'
        ? { name, ...count, profile: Object.fromEntries(count.profile) }
        : { name, ...count };
    });
    context.printJson(plain);
    return;
  }
  const rows = [...counts].map(([name, count]) =>
    count.kind === 'counted'
      ? [name, formatCount(count.instructions), count.variant ?? '']
      : [name, '', `not counted: ${count.reason}`],
  );
  context.print(formatTable([['benchmark', 'instructions', ''], ...rows]));
}
