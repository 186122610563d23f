import { readFileSync } from 'node:fs';

/** Clock ticks of Linux's /proc per second: USER_HZ, which is 100 on all architectures that Node supports. */
const TICKS = 100;

/** Returns the CPU time that a process has used so far, from Linux's /proc; 0 if it has ended. */
export function cpuSeconds(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // the name before it can contain spaces
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
