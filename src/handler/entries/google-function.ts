/**
 * `node google-function.cjs`: Google's functions framework, which loads google.mjs and serves the function that it
 * exports, as a Cloud Run function is served.
 */
process.env['FUNCTION_TARGET'] ||= 'coldgate';
process.env['FUNCTION_SOURCE'] = `${import.meta.dirname}/google.mjs`;
void import('@google-cloud/functions-framework/main');
