#!/bin/bash
# Provides the static libraries of the addon in /static/$ARCH. Runs in the chroot of chroot.mjs. A library is built
# again only if its version or its function below changed.
#
# The chroot is Debian 12, for its old glibc. All libraries have the versions of Debian 13, like the system build:
# those without a static library there are built from its source packages, the others are taken from its packages.
# ARCH is x64, which is the chroot's own, or arm64, for which everything is cross-compiled.
set -euo pipefail
export JOBS=${JOBS:-2} ARCH=${ARCH:-x64}
export STATIC=/static/$ARCH SOURCES=/src/$ARCH
declare -A DEBIAN=([x64]=amd64 [arm64]=arm64)
if [ "$ARCH" = arm64 ]; then
  export CROSS=aarch64-linux-gnu- SYSTEM='-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64'
fi
export CC=${CROSS:-}gcc CXX=${CROSS:-}g++ CROSS=${CROSS:-} SYSTEM=${SYSTEM:-}
SOURCE_PACKAGES='highway openblas onednn'
# compat.cc has what these expect of Debian 13.
BINARY_PACKAGES='libfaiss-dev libutf8proc-dev liblapack-dev'

mkdir -p "$SOURCES" "$STATIC"/{lib,include,licenses,done}

# Only the products and reorders of oneDNN. They have no backward pass, so INFERENCE omits nothing that training needs.
# oneDNN would compile the others too, for twice as long, and drop them when it is linked; so their files are removed.
build_onednn() {
  local other='convolution|_conv[_.]|deconv|inner_product|pool|softmax|resampling|normalization'
  local simple='binary|eltwise|reduction|shuffle|prelu|lrn|sum|xf16_sum|concat'
  find src/cpu -regextype posix-extended -name '*.cpp' \
    ! -name '*_list.cpp' ! -name rnn_utils.cpp ! -name gemm_inner_product_utils.cpp \
    ! -name jit_gemm_inner_product_utils.cpp \
    -regex ".*(/(rnn|lrn|prelu|shuffle)/|$other|/(ref|simple|jit_uni)_($simple)(_int|_kernel)?\.).*" -delete
  sed -i '/find_package(spdlog/d' src/CMakeLists.txt # Debian's patch asks for it, but only a disabled log uses it
  # shellcheck disable=SC2086 # several options
  cmake -S . -B build $SYSTEM -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=17 -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_CXX_FLAGS='-ffunction-sections -fdata-sections -fvisibility=hidden' \
    -DCMAKE_INSTALL_PREFIX="$STATIC" -DCMAKE_INSTALL_LIBDIR=lib -DONEDNN_LIBRARY_TYPE=STATIC \
    '-DONEDNN_ENABLE_PRIMITIVE=MATMUL;REORDER' -DONEDNN_ENABLE_WORKLOAD=INFERENCE -DONEDNN_ARCH_OPT_FLAGS= \
    -DONEDNN_BUILD_{EXAMPLES,TESTS,DOC,GRAPH}=OFF -DONEDNN_ENABLE_{JIT_PROFILING,ITT_TASKS}=OFF
  make -C build -j"$JOBS" install
  cp THIRD-PARTY-PROGRAMS "$STATIC"/licenses/onednn-third-party.txt
}

build_highway() {
  # shellcheck disable=SC2086 # several options
  cmake -S . -B build $SYSTEM -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_INSTALL_PREFIX="$STATIC" -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_TESTING=OFF -DHWY_ENABLE_{CONTRIB,EXAMPLES,TESTS}=OFF
  make -C build -j"$JOBS" install
  # Of its additions, the addon uses only headers. The sorting that is compiled takes long.
  find hwy/contrib -name '*.h' -exec cp --parents {} "$STATIC/include/" \;
}

# x64: the kernels that CPUs since 2013 choose, and PRESCOTT for older ones. arm64: those of servers, and ARMV8.
# Real numbers only, as FAISS uses.
# NO_LAPACK: its own factorisations do not compile without complex numbers. Those of LAPACK take their place.
build_openblas() {
  local kernels='HASWELL ZEN SKYLAKEX' target=GENERIC
  if [ "$ARCH" = arm64 ]; then kernels='NEOVERSEN1 NEOVERSEV1' target=ARMV8; fi
  local options=(CC="$CC" HOSTCC=gcc DYNAMIC_ARCH=1 "DYNAMIC_LIST=$kernels" TARGET=$target NUM_THREADS=128 USE_OPENMP=1
    USE_THREAD=1 NO_LAPACK=1 NO_LAPACKE=1 NO_CBLAS=1 NO_AFFINITY=1 NO_WARMUP=1 NO_SHARED=1 NOFORTRAN=1
    BUILD_SINGLE=1 BUILD_DOUBLE=1 # not BUILD_COMPLEX=0: some of its makefiles only ask whether it is set
    "MAKE_NB_JOBS=$JOBS" 'COMMON_OPT=-O2 -fPIC')
  make "${options[@]}" libs
  cp libopenblasp-*.a "$STATIC"/lib/libopenblas.a
}

# Builds one source package, unless this version was built in this way before. Continues an interrupted build.
build() {
  local name=$1 version id
  version=$(apt-cache showsrc --only-source "$name" | sed -n 's/^Version: //p' | sort -V | tail -1)
  id=$name-$version-$(declare -f "build_$name" | sha256sum | cut -c1-8)
  if [ ! -e "$STATIC/done/$id" ]; then
    echo "building $name $version (log: $SOURCES/$name.log in the chroot)"
    if [ ! -e "$SOURCES/$id" ]; then
      rm -rf /src/unpack && mkdir /src/unpack && cd /src/unpack
      apt-get source -qq --only-source "$name=$version" > /dev/null
      mv ./*/ "$SOURCES/$id"
    fi
    cd "$SOURCES/$id"
    cp debian/copyright "$STATIC/licenses/$name.txt"
    # A process of its own, because "set -e" has no effect on the left of "||".
    bash -euc "$(declare -f "build_$name"); build_$name" > "$SOURCES/$name.log" 2>&1 || {
      tail -30 "$SOURCES/$name.log"
      exit 1
    }
    touch "$STATIC/done/$id"
  fi
  echo "$name $version" >> "$STATIC/versions.new"
}

# Takes a static library from a package of Debian 13, without installing the packages that it depends on.
extract() {
  local name=$1 version stamp
  version=$(apt-cache madison "$name:${DEBIAN[$ARCH]}" | awk -F' *[|] *' '$3 ~ /trixie/ { print $2; exit }')
  stamp=$STATIC/done/$name-$version
  if [ ! -e "$stamp" ]; then
    echo "extracting $name $version"
    rm -rf /src/deb && mkdir /src/deb && cd /src/deb
    apt-get download -qq "$name:${DEBIAN[$ARCH]}=$version"
    dpkg-deb -x ./*.deb .
    find usr/lib -name '*.a' -exec cp -L {} "$STATIC/lib/" \;
    if [ -d usr/include ]; then cp -r usr/include/. "$STATIC/include/"; fi
    cp "usr/share/doc/$name/copyright" "$STATIC/licenses/$name.txt"
    touch "$stamp"
  fi
  echo "$name $version" >> "$STATIC/versions.new"
}

rm -f "$STATIC/versions.new"
for name in $BINARY_PACKAGES; do extract "$name"; done
for name in $SOURCE_PACKAGES; do build "$name"; done
cp /usr/share/doc/libgomp1/copyright "$STATIC/licenses/libgomp1.txt"
cp /usr/share/common-licenses/GPL-3 "$STATIC/licenses/GPL-3.txt" # Debian's copyright files only name it
echo "libgomp1 $(dpkg-query -W -f '${Version}' libgomp1)" >> "$STATIC/versions.new"
mv "$STATIC/versions.new" "$STATIC/versions"
