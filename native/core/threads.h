// The number of threads of a wide job. TypeScript sets it from the CPUs that the process can use (affinity and cgroup
// quota). OpenMP alone would count all visible CPUs and ignore a container's quota.
#pragma once

namespace univar {

int ThreadCount();
void SetThreadCount(int count);

}  // namespace univar
