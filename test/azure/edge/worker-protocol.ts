export interface Binding {
  type?: string;
  /** Of an HTTP trigger. */
  route?: string;
  methods?: string[];
  authLevel?: string;
  /** Of a queue trigger. */
  queueName?: string;
  connection?: string;
}

/** A function as a worker reports it to the host. */
export interface FunctionInfo {
  name: string;
  bindings: Record<string, Binding>;
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

/** Has facts of a message, as JSON, where the request stands for one of a queue and not for a request. */
export const messageHeader = 'x-standin-message';
