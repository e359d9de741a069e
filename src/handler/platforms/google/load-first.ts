/**
 * Max. time until the port is opened, ms. Cloud Run's startup probe gives up after 240 s. The port is opened late
 * because Cloud Run stops a process whose port is open until a request comes, even with the model half loaded.
 * https://docs.cloud.google.com/run/docs/configuring/healthchecks
 */
export const loadFirstMs = 200_000;
