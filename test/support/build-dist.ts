import { execFileSync } from 'node:child_process';

/** The integration tests run the compiled program; this compiles it when its sources changed. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/bootstrap.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
