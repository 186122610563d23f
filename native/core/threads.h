// How many threads a wide job may use. Set by TypeScript from the CPUs that the process may really use (affinity and
// cgroup quota); OpenMP by itself would count the CPUs it sees and ignore a container's quota.
#pragma once

namespace univar {

int ThreadCount();
void SetThreadCount(int count);

}  // namespace univar
