/** In CI (`COLDGATE_REQUIRE=all`) nothing may be left out: what is missing there fails. */
export const required = process.env['COLDGATE_REQUIRE'] === 'all';
