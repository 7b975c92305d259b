/* Tells ThreadSanitizer of the order that Swift's runtime makes between threads. The runtime's own
   libraries are not built with it, so it sees neither the slow path of a `Mutex`, which is a call
   of the kernel, nor that what `swift_once` makes is made before it returns.

   Linked into a test program it stands in front of the runtime's functions. Each calls the runtime
   and adds what the sanitizer misses, no more: a lock that is not held orders nothing here either.
   In a build without that sanitizer there is nothing in it. */
#ifndef THREAD_ORDER_H
#define THREAD_ORDER_H
#endif
