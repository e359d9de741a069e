/**
 * Longest that Cloud Run is kept waiting for the port, ms. Its startup probe gives up after 240 s, and opening the port
 * late is what lets it tell a start from a request: a process whose port is open is stopped until a request comes, with
 * the model half loaded. https://docs.cloud.google.com/run/docs/configuring/healthchecks
 */
export const loadFirstMs = 200_000;
