import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** Number of CPUs that a process can use, and the limit that decided it. */
export interface CpuCount {
  count: number;
  source: 'CPUs of the machine' | 'CPU affinity of the process' | 'CPU quota of the container';
}

/**
 * Counts the CPUs that this process can actually use, given its affinity mask and, on Linux, the quota of its container
 * (cgroup v2 `cpu.max`, cgroup v1 `cfs_quota_us`). OpenMP knows only the affinity mask, and the system throttles a team
 * of threads that exceeds the quota.
 */
export function describeCpuCount(): CpuCount {
  const available = availableParallelism();
  const quota = Math.max(1, Math.ceil(cgroupQuota() ?? Infinity));
  if (quota < available) return { count: quota, source: 'CPU quota of the container' };
  return {
    count: available,
    source: available < cpus().length ? 'CPU affinity of the process' : 'CPUs of the machine',
  };
}

/** Returns the count of {@link describeCpuCount}. */
export function usableCpuCount(): number {
  return describeCpuCount().count;
}

function cgroupQuota(): number | undefined {
  const v2 = readWords('/sys/fs/cgroup/cpu.max');
  const [limit, period] = v2 ?? [
    readWords('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')?.[0],
    readWords('/sys/fs/cgroup/cpu/cpu.cfs_period_us')?.[0],
  ];
  const quota = Number(limit) / Number(period);
  return Number.isFinite(quota) && quota > 0 ? quota : undefined;
}

function readWords(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8').trim().split(/\s+/);
  } catch {
    return undefined; // not Linux, or no CPU controller
  }
}
