/** glibc keeps what threads have freed, an arena for each; a worker's threads come and go with every call. */
export const allocator = { MALLOC_ARENA_MAX: '2' } as const;

/** How V8 keeps the memory of each kind of worker process. */
export const v8Flags = {
  /** Some 55 MB live in it, whatever the number of chunks; without a bound V8 left four times that uncollected. */
  workflows: ['--max-old-space-size=1024'],
  /**
   * In a process that has worked for a minute, on chunks of several shapes side by side, V8 comes to mark the whole heap,
   * whose 50 MB hardly change, for every 25 MB or so of buffers that went by, on several threads at once: half the CPU
   * of a copy. Collected at once and by one thread it pauses for some 50 ms, and costs a tenth.
   * What is young is batches and buffers that the next one replaces: 16 MB for it, V8's default, took 45 MB more than 4 do,
   * which cost a twentieth more CPU.
   * Code that no chunk has needed for some collections would be compiled anew for the next: a tenth of a staged copy's CPU.
   */
  activities: [
    '--single-threaded-gc',
    '--no-incremental-marking',
    '--max-semi-space-size=4',
    '--no-flush-bytecode',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;
