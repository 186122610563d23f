import { readFileSync } from 'node:fs';

/** Memory of a process in bytes, from Linux's /proc: resident now, or the most that ever was; 0 when it has ended. */
export function residentBytes(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  try {
    return 1024 * Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
