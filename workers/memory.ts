/** glibc keeps what threads have freed, an arena for each; a worker's threads come and go with every call. */
export const allocator = { MALLOC_ARENA_MAX: '2' } as const;

/** How V8 keeps the memory of each kind of worker process. */
export const v8Flags = {
  /** Some 55 MB live in it, whatever the number of chunks; without a bound V8 left four times that uncollected. */
  workflows: ['--max-old-space-size=1024'],
  activities: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;
