#!/bin/sh
# Runs the tests and benchmarks of the CUDA backend on this host; "sh run.sh --help" says more. Needs glibc, a driver and nothing else.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
# Programs of the host that are started from here get back what they had.
export UNIVAR_HOST_LIBRARY_PATH="${LD_LIBRARY_PATH-}"
# The host's own C++ library where it is new enough, else the bundle's.
for folders in "$here/lib" "$here/lib:$here/lib/gcc"; do
  export LD_LIBRARY_PATH="$folders${UNIVAR_HOST_LIBRARY_PATH:+:$UNIVAR_HOST_LIBRARY_PATH}"
  if reason=$("$here/node/bin/node" -e 'require(process.argv[1])' "$here/build/Release/engine.node" 2>&1); then
    if [ "${1-}" = --node ]; then
      shift
      exec "$here/node/bin/node" "$@"
    fi
    exec "$here/node/bin/node" "$here/scripts/gpu-host/run.mjs" "$@"
  fi
done
echo "The programs of this bundle do not run on this host: $(uname -sm), $(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'no glibc')" >&2
echo "$reason" >&2
exit 2
