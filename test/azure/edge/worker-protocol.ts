/** A function as a worker reports it to the host. */
export interface FunctionInfo {
  name: string;
  bindings: Record<string, { type?: string; route?: string; methods?: string[]; authLevel?: string }>;
}

/** What a placeholder is told: the app that its process is for. */
export interface Specialize {
  folder: string;
  env: Record<string, string>;
}

/** What it tells then. */
export interface Specialized {
  event: 'specialized';
  port: number;
  functions: FunctionInfo[];
  /** Why loading failed, where the host hears of it. */
  failure?: string | undefined;
}

/** Names the function that a request is for. */
export const functionHeader = 'x-standin-function';
