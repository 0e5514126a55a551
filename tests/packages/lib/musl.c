/*
 * What Debian's libstdc++ and libgcc take from glibc and musl does not have: with it they load under musl's own loader, which lets a
 * program for musl run where no C++ library for musl can be had. It bears the name of glibc's loader, which they ask for.
 */
#include <stddef.h>

struct tm;
size_t strftime_l(char *out, size_t size, const char *format, const struct tm *time, void *locale);

/** Whether the program has one thread: never claimed. */
char __libc_single_threaded = 0;
unsigned __cpu_model[4];

int __cpu_indicator_init(void) { return 0; }

/** "Not found": the unwinder then goes through dl_iterate_phdr, which musl has. */
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

/** Destructors of threads do not run; they would free what the end of the process frees. */
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) {
  (void)destroy;
  (void)object;
  (void)library;
  return 0;
}

/** Only std::random_device asks, and nothing here asks for that. */
unsigned arc4random(void) { __builtin_trap(); }

size_t __strftime_l(char *out, size_t size, const char *format, const struct tm *time, void *locale) {
  return strftime_l(out, size, format, time, locale);
}
