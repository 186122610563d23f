#!/bin/sh
# Runs the tests and benchmarks of the CUDA backend on this host; see "sh run.sh --help". Needs only glibc and a driver.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
# Programs of the host that are started from here get the original value back.
export UNIVAR_HOST_LIBRARY_PATH="${LD_LIBRARY_PATH-}"
# Uses the host's C++ library if it is new enough, otherwise that of the bundle.
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
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'no glibc')
echo "The programs of this bundle do not run on this host: $(uname -sm), $glibc" >&2
echo "$reason" >&2
exit 2
