/* Makes calls of the C library fail as they do on a machine in trouble; preloaded (LD_PRELOAD).
 *
 * $FAULTS_FILE holds "PERMILLE ERRNO CALLS": how many calls of a thousand fail, how, and which ones,
 * as a sum of the numbers below. It is looked at once a second; without it nothing fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SYNC = 1, WRITE = 2, READ = 4, OPEN = 8, SOCKET = 16, CONNECT = 32, RECEIVE = 64, SEND = 128,
       RENAME = 256, LOCK = 512, ACCEPT = 1024, RESOLVE = 2048 };

static int permille, code, calls;
static time_t looked;
static unsigned seed;

#define NEXT(name) static __typeof__(&name) next; if (!next) next = dlsym(RTLD_NEXT, #name)

static void look(void) {
  time_t now = time(NULL);
  if (now == looked) return;
  looked = now;
  if (!seed) seed = (unsigned)getpid();
  permille = 0;
  const char *path = getenv("FAULTS_FILE");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return;
  if (fscanf(file, "%d %d %d", &permille, &code, &calls) != 3) permille = 0;
  fclose(file);
}

static int fails(int call) {
  int before = errno;
  look();
  errno = before;
  if (!(calls & call) || (int)(rand_r(&seed) % 1000) >= permille) return 0;
  errno = code;
  return 1;
}

static int is_file(int fd) {
  struct stat found;
  int before = errno, is = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
  errno = before;
  return is;
}

/* The event loop wakes itself by a pair of sockets that no network is part of. */
static int is_network(int fd) {
  int before = errno, domain = 0;
  socklen_t size = sizeof domain;
  int is = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
  errno = before;
  return is;
}

int fsync(int fd) { NEXT(fsync); return fails(SYNC) ? -1 : next(fd); }
int fdatasync(int fd) { NEXT(fdatasync); return fails(SYNC) ? -1 : next(fd); }
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
  NEXT(pwrite64); return is_file(fd) && fails(WRITE) ? -1 : next(fd, from, size, at);
}
ssize_t pread64(int fd, void *to, size_t size, off64_t at) {
  NEXT(pread64); return is_file(fd) && fails(READ) ? -1 : next(fd, to, size, at);
}
int open64(const char *path, int flags, ...) {
  NEXT(open64);
  va_list more;
  va_start(more, flags);
  int mode = va_arg(more, int);
  va_end(more);
  return strstr(path, "/state") && fails(OPEN) ? -1 : next(path, flags, mode);
}
int socket(int domain, int type, int protocol) {
  NEXT(socket); return fails(SOCKET) ? -1 : next(domain, type, protocol);
}
int connect(int fd, const struct sockaddr *to, socklen_t size) {
  NEXT(connect); return fails(CONNECT) ? -1 : next(fd, to, size);
}
ssize_t recv(int fd, void *to, size_t size, int flags) {
  NEXT(recv); return is_network(fd) && fails(RECEIVE) ? -1 : next(fd, to, size, flags);
}
ssize_t send(int fd, const void *from, size_t size, int flags) {
  NEXT(send); return is_network(fd) && fails(SEND) ? -1 : next(fd, from, size, flags);
}
int rename(const char *from, const char *to) { NEXT(rename); return fails(RENAME) ? -1 : next(from, to); }
int flock(int fd, int operation) { NEXT(flock); return fails(LOCK) ? -1 : next(fd, operation); }
int accept4(int fd, struct sockaddr *from, socklen_t *size, int flags) {
  NEXT(accept4); return fails(ACCEPT) ? -1 : next(fd, from, size, flags);
}
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
  NEXT(getaddrinfo); return fails(RESOLVE) ? EAI_SYSTEM : next(name, service, hints, found);
}
