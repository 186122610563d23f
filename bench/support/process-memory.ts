import { readFileSync } from 'node:fs';

/** Returns the current or peak resident memory of a process in bytes, from Linux's /proc; 0 if it has ended. */
export function residentBytes(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  try {
    return 1024 * Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
