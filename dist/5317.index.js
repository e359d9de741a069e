const T=5317,X=[5317],Z={21916:((B,V)=>{var f;f=!0,V.Io=f=void 0;var A=new Uint32Array(65536),L=function(i,c){for(var d=i.length,v=c.length,m=1<<d-1,l=-1,C=0,U=d,n=d;n--;)A[i.charCodeAt(n)]|=1<<n;for(n=0;n<v;n++){var g=A[c.charCodeAt(n)],z=g|C;g|=(g&l)+l^l,C|=~(g|l),l&=g,C&m&&U++,l&m&&U--,C=C<<1|1,l=l<<1|~(z|C),C&=z}for(n=d;n--;)A[i.charCodeAt(n)]=0;return U},K=function(i,c){for(var d=c.length,v=i.length,m=[],l=[],C=Math.ceil(d/32),U=Math.ceil(v/32),n=0;n<C;n++)l[n]=-1,m[n]=0;for(var g=0;g<U-1;g++){for(var z=0,E=-1,k=g*32,F=Math.min(32,v)+k,u=k;u<F;u++)A[i.charCodeAt(u)]|=1<<u;for(var n=0;n<d;n++){var M=A[c.charCodeAt(n)],D=l[n/32|0]>>>n&1,w=m[n/32|0]>>>n&1,J=M|z,I=((M|w)&E)+E^E|M|w,h=z|~(I|E),j=E&I;h>>>31^D&&(l[n/32|0]^=1<<n),j>>>31^w&&(m[n/32|0]^=1<<n),h=h<<1|D,j=j<<1|w,E=j|~(J|h),z=h&J}for(var u=k;u<F;u++)A[i.charCodeAt(u)]=0}for(var R=0,e=-1,t=g*32,s=Math.min(32,v-t)+t,u=t;u<s;u++)A[i.charCodeAt(u)]|=1<<u;for(var o=v,n=0;n<d;n++){var M=A[c.charCodeAt(n)],D=l[n/32|0]>>>n&1,w=m[n/32|0]>>>n&1,J=M|R,I=((M|w)&e)+e^e|M|w,h=R|~(I|e),j=e&I;o+=h>>>v-1&1,o-=j>>>v-1&1,h>>>31^D&&(l[n/32|0]^=1<<n),j>>>31^w&&(m[n/32|0]^=1<<n),h=h<<1|D,j=j<<1|w,e=j|~(J|h),R=h&J}for(var u=t;u<s;u++)A[i.charCodeAt(u)]=0;return o},x=function(i,c){if(i.length<c.length){var d=c;c=i,i=d}return c.length===0?i.length:i.length<=32?L(i,c):K(i,c)};V.Io=x;var P=function(i,c){for(var d=1/0,v=0,m=0;m<c.length;m++){var l=x(i,c[m]);l<d&&(d=l,v=m)}return c[v]};f=P}),55672:((B,V,f)=>{f.d(V,{runCli:()=>R});var A=f(38321),L=f(40279),K=f(83061),x=f(19473),P=f(58175),i=f(24092),c=f(76107),d=f(71731),v=f(57975);const m=[{name:"json",type:"flag",description:"Print exactly one JSON document on standard output."},{name:"verbose",type:"flag",description:"Say more, and show causes and stacks of unexpected failures."},{name:"help",type:"flag",description:"Show this help."}],l=e=>e.inputs.filter(t=>t.only!=="action");function C(e,t){const s=[...l(e),...m],o=s.map(r=>r.name),a=new Set(s.filter(r=>r.type==="flag").map(r=>r.name)),$=Object.fromEntries(s.map(r=>[r.name,{type:a.has(r.name)?"boolean":"string",multiple:!0}])),{tokens:S}=(0,v.parseArgs)({args:[...t],options:$,strict:!1,tokens:!0,allowPositionals:!0}),O={},N=[],H=(r,p)=>{O[r]??=[],O[r].push(p)},y=s.filter(r=>r.positional).map(r=>r.name);for(const r of S)if(r.kind==="positional"){const p=y.shift();p?H(p,r.value):N.push({path:r.value,message:`is not expected: coldgate ${e.name} takes flags only.`})}else if(r.kind==="option")if(o.includes(r.name))a.has(r.name)?H(r.name,r.value??"true"):r.value===void 0?N.push({path:r.rawName,message:"needs a value."}):H(r.name,r.value);else{const p=(0,P.p)(r.name,o),b=p?`Did you mean --${p}?`:`See coldgate ${e.name} --help.`;N.push({path:r.rawName,message:`is not a flag of coldgate ${e.name}.`,hint:b})}if(N.length>0)throw new x.dz(N);return O}function U(e,t,s){const o=[];if(t instanceof x.dz){const a=t.problems.length;o.push(`coldgate ${e} failed: ${a===1?"1 problem":`${a} problems`} (${t.code}).`),o.push(...t.message.split(`
`).map($=>`  ${$}`))}else o.push(`coldgate ${e} failed: ${t.message} (${t.code})`);if(t.hint&&o.push(`  ${t.hint}`),s)for(let a=t;a instanceof Error;a=a.cause)a!==t&&o.push(`  caused by: ${a.message}`),t.exit===x.hS.unexpected&&a.stack&&o.push(a.stack);return o}function n(e,t){return{verb:e,ok:!1,exit:t.exit,error:{code:t.code,message:t.message,...t.hint&&{hint:t.hint},...t.data&&{data:t.data},...t instanceof x.dz&&{problems:t.problems}}}}var g=f(58508);const z=96;function E(e,t){const s=[];let o="";for(const a of e.split(" "))o!==""&&o.length+1+a.length>z-t?(s.push(o),o=a):o=o===""?a:`${o} ${a}`;return s.push(o),s.join(`
${" ".repeat(t)}`)}const k=e=>{const t=Math.max(...e.map(([s])=>s.length));return e.map(([s,o])=>`  ${s.padEnd(t)}  ${E(o,t+4)}`).join(`
`)};function F(e){return e.type==="flag"?"":e.type==="count"?" N":e.type==="seconds"?" TIME":e.type==="list"?" NAME\u2026":typeof e.type=="string"?` ${e.name.toUpperCase()}`:` ${e.type.join("|")}`}function u(e){const t=e.positional?e.name.toUpperCase():`--${e.name}${F(e)}`,s=e.default!==void 0&&e.type!=="flag"?` Default: ${e.default}.`:"";return[t,`${e.description}${e.required?" Required.":""}${s}`]}const M=k([["0","done, no-ops included"],["1","unexpected failure"],["2","usage or configuration is wrong"],["3","integrity: a checksum, or an immutable version"],["4","gate: cold starts regressed, or the SLO is broken"],["5","gate: no verdict"],["6","someone else moved the pointer first"],["7","the function did not prove itself"],["8","refused: a permission or quota, or a store that cannot be trusted"]]);function D(){return`Coldgate ${g.f}: ship ONNX models to serverless functions.
Immutable versions, a gate on cold starts, an atomic flip.

Usage: coldgate <verb> [--config models.yaml] [--environment NAME] [--model NAME]\u2026 [--json] [--dry-run] [--verbose]

Verbs
${k(L.U.map(e=>[e.name,e.summary]))}

Exit codes
${M}

People's words go to standard error; with --json one JSON document goes to standard output.
coldgate <verb> --help tells the flags of a verb.
`}function w(e){const t=l(e),s=t.filter(a=>a.positional).map(a=>` ${a.name.toUpperCase()}`),o=e.outputs.length===0?"":`
Outputs of the action, fields of --json
${k(e.outputs.map(a=>[a.name,a.description]))}
`;return`coldgate ${e.name}: ${e.summary}

Usage: coldgate ${e.name}${s.join("")} [flags]

${E(e.about,0)}

Flags
${k([...t,...m].map(u))}
${o}
Examples
${e.examples.map(a=>`  ${a}`).join(`
`)}
`}var J=f(20353);const I=e=>process.stdout.write(`${JSON.stringify(e,null,2)}
`);function h(e){const t=(0,L.L)(e);if(t)return t;const s=L.U.map($=>$.name),o=(0,P.p)(e,s),a=`is not a verb; there are ${s.join(", ")}.`;throw new x.dz([{path:e,message:a,hint:o?`Did you mean coldgate ${o}?`:void 0}])}async function j(e,t,{distDir:s,verbose:o,conceal:a}){const $=(0,J.j)(process.stderr,o,Date.now,a),S=t.includes("--json"),O=C(e,t),N=(0,P.K)(l(e),O,p=>`--${p}`);if((0,c.rK)())return(0,c.or)(s,(0,d.B)(process.env),$);Object.values(N).includes("-")&&(N.stdin=await(0,A.text)(process.stdin));const H=(0,i.z)({log:$,distDir:s,cwd:process.cwd(),dryRun:N.dryRun===!0,conceal:a}),y=await e.run(N,H);for(const p of y.lines)$.info(p);const r=y.failure?.exit??x.hS.done;if(y.failure)for(const p of U(e.name,y.failure,o))$.info(p);if(S){const p=y.failure?n(e.name,a.error(y.failure)):{},b=y.verbatim?y.document:a.value(y.document);I({verb:e.name,ok:r===0,exit:r,...p,...b})}else y.text!==void 0&&process.stdout.write(y.text);return r}async function R(e,t){const[s="",...o]=e,a=o.includes("--verbose");if(s==="--version")return process.stdout.write(`${g.f}
`),0;if(s===""||s==="--help"||s==="help"){const S=(0,L.L)(o[0]??"");return(s===""?process.stderr:process.stdout).write(S?w(S):D()),s===""?x.hS.usage:x.hS.done}const $=new K.P;try{(0,d.p)(process.env);const S=h(s);return o.includes("--help")?(process.stdout.write(w(S)),0):await j(S,o,{distDir:t,verbose:a,conceal:$})}catch(S){const O=$.error((0,x.Z_)(S));return process.stderr.write(`${U(s,O,a).join(`
`)}
`),o.includes("--json")&&I(n(s,O)),O.exit}}})};export{T as id,X as ids,Z as modules};
