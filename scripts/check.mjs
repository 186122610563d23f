/** Checks types and runs lint at the same time, and prints the output of each when it has finished. */
import { spawn } from 'node:child_process';

const SCRIPTS = ['types', 'lint'];

const run = (script) =>
  new Promise((resolve) => {
    const child = spawn(`npm run --silent ${script}`, { shell: true });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      console.log(`${script}: ${code === 0 ? 'ok' : 'failed'}`);
      resolve(code);
    });
  });

const codes = await Promise.all(SCRIPTS.map(run));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
