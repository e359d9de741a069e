import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
async function a(e,t){if(!e)return t({});let n=await e.get(),r=await t({authorization:`Bearer ${n.token}`});if(r.status!==401)return r;e.reject(n);let o=await e.get();return o.token===n.token?r:(r.drop(),t({authorization:`Bearer ${o.token}`}))}export{a};
