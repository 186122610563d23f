import { execFileSync } from 'node:child_process';

/** Compiles the program for the integration tests if its sources have changed. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/bootstrap.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
