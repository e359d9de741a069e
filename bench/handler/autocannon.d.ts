/** What is used of it here; the package brings no types. */
declare module 'autocannon' {
  interface Load {
    url: string;
    method: string;
    headers: Record<string, string>;
    body: string;
    connections: number;
    /** Seconds. */
    duration: number;
  }
  interface Result {
    requests: { total: number };
    non2xx: number;
    /** Connections that broke, timeouts included. */
    errors: number;
    /** Seconds. */
    duration: number;
  }
  export default function autocannon(load: Load): Promise<Result>;
}
