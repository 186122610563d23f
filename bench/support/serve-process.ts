import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface ServeProcess {
  url: string;
  pid: number;
  /** Factory string of the index. */
  factory: string;
  /** Sends the signal and waits for the end. */
  stop: (signal: NodeJS.Signals) => Promise<unknown>;
}

/** Starts the compiled `univar serve` for a dataset on a free port, and waits until it listens. */
export async function startServeProcess(dataset: string, args: readonly string[]): Promise<ServeProcess> {
  const child = spawn(
    process.execPath,
    [MAIN, 'serve', '--index', dataset, '--port', '0', '--log-level', 'error', '--json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) if ((text += String(chunk)).includes('}\n')) break;
  const { url, pid, factory } = JSON.parse(text) as { url: string; pid: number; factory: string };
  const ended = once(child, 'close');
  return { url, pid, factory, stop: (signal) => (child.kill(signal), ended) };
}
