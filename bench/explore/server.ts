/** Starts the compiled `univar explore` on a free port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const POLL_MS = 200;

export interface ExploreProcess {
  url: string;
  pid: number;
  /** From the start of the process until it listens. */
  seconds: number;
  /** Waits until the text index is complete. */
  indexed: () => Promise<void>;
  stop: () => Promise<unknown>;
}

export async function startExplore(dataset: string, args: readonly string[]): Promise<ExploreProcess> {
  const start = performance.now();
  const child = spawn(process.execPath, [MAIN, 'explore', dataset, '--port', '0', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) if ((text += String(chunk)).includes('}\n')) break;
  const seconds = (performance.now() - start) / 1000;
  const { url, pid } = JSON.parse(text) as { url: string; pid: number };
  const ended = once(child, 'close');
  const indexed = async (): Promise<void> => {
    for (;;) {
      const { state } = (await (await fetch(`${url}/v1/explore/texts`)).json()) as { state: string };
      if (state !== 'building') return;
      await sleep(POLL_MS);
    }
  };
  return { url, pid, seconds, indexed, stop: () => (child.kill('SIGTERM'), ended) };
}
