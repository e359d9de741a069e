/** Takes a replaceable wait; tests replace it with one that returns at once. */
export interface Sleeper {
  /** Waits, ms; tests pass their own. */
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Waits so many ms. */
export const wait = ({ sleep }: Sleeper, ms: number): Promise<unknown> =>
  sleep ? sleep(ms) : new Promise((resolve) => setTimeout(resolve, ms));
