// Preloaded into a process, makes the folder $UNIVAR_BUCKET behave like a mounted bucket (Mountpoint for S3 with its
// defaults). A file can be written once, in order. Renaming, linking, appending, exclusive creation, truncation and
// changes of existing files fail. With $UNIVAR_BUCKET_KEEPS, deletion fails too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(int code) {
  errno = code;
  return -1;
}

static int inside(const char* path) {
  const char* bucket = getenv("UNIVAR_BUCKET");
  return bucket != NULL && path != NULL && strncmp(path, bucket, strlen(bucket)) == 0;
}

static int inside_fd(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return inside(path);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef int (*two_paths)(const char*, const char*);

int rename(const char* from, const char* to) {
  return inside(from) || inside(to) ? refuse(ENOSYS) : NEXT(two_paths, "rename")(from, to);
}
int link(const char* from, const char* to) {
  return inside(from) || inside(to) ? refuse(ENOSYS) : NEXT(two_paths, "link")(from, to);
}
int symlink(const char* from, const char* to) {
  return inside(to) ? refuse(ENOSYS) : NEXT(two_paths, "symlink")(from, to);
}

static int kept(const char* path) { return getenv("UNIVAR_BUCKET_KEEPS") != NULL && inside(path); }
typedef int (*one_path)(const char*);

int unlink(const char* path) { return kept(path) ? refuse(EPERM) : NEXT(one_path, "unlink")(path); }
int rmdir(const char* path) {
  struct stat info;
  const int folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  return kept(path) && folder ? refuse(EPERM) : NEXT(one_path, "rmdir")(path);
}

static int guarded_open(const char* name, const char* path, int flags, mode_t mode) {
  const int writes = (flags & O_ACCMODE) != O_RDONLY;
  if (inside(path) && writes && ((flags & (O_APPEND | O_EXCL)) || access(path, F_OK) == 0)) return refuse(EPERM);
  return NEXT(int (*)(const char*, int, ...), name)(path, flags, mode);
}
#define OPEN(name)                                 \
  int name(const char* path, int flags, ...) {     \
    va_list rest;                                  \
    va_start(rest, flags);                         \
    const mode_t mode = va_arg(rest, mode_t);      \
    va_end(rest);                                  \
    return guarded_open(#name, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define PWRITE(name)                                                                             \
  ssize_t name(int fd, const void* bytes, size_t count, off_t offset) {                          \
    struct stat info;                                                                            \
    if (inside_fd(fd) && fstat(fd, &info) == 0 && info.st_size != offset) return refuse(EINVAL); \
    return NEXT(ssize_t (*)(int, const void*, size_t, off_t), #name)(fd, bytes, count, offset);  \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(name)                                                                  \
  int name(int fd, off_t length) {                                                       \
    return inside_fd(fd) ? refuse(EPERM) : NEXT(int (*)(int, off_t), #name)(fd, length); \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)
