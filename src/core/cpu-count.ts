import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * CPUs that this process may really use: affinity mask and, on Linux, the container's quota (cgroup v2 `cpu.max`,
 * cgroup v1 `cfs_quota_us`). OpenMP knows only the former, and a team wider than the quota is throttled.
 */
export function usableCpuCount(): number {
  const quota = cgroupQuota();
  const available = availableParallelism();
  return quota === undefined ? available : Math.max(1, Math.min(available, Math.ceil(quota)));
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
    return undefined; // not Linux, or no such controller
  }
}
