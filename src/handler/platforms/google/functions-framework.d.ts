/** What its command runs: evaluating it starts the server. The package does not export it; the bundler finds the file. */
declare module '@google-cloud/functions-framework/main' {}
