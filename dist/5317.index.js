const Z=5317,b=[5317],G={21916:((X,F)=>{var d;d=!0,F.Io=d=void 0;var A=new Uint32Array(65536),P=function(i,c){for(var f=i.length,v=c.length,m=1<<f-1,l=-1,g=0,k=f,n=f;n--;)A[i.charCodeAt(n)]|=1<<n;for(n=0;n<v;n++){var $=A[c.charCodeAt(n)],E=$|g;$|=($&l)+l^l,g|=~($|l),l&=$,g&m&&k++,l&m&&k--,g=g<<1|1,l=l<<1|~(E|g),g&=E}for(n=f;n--;)A[i.charCodeAt(n)]=0;return k},K=function(i,c){for(var f=c.length,v=i.length,m=[],l=[],g=Math.ceil(f/32),k=Math.ceil(v/32),n=0;n<g;n++)l[n]=-1,m[n]=0;for(var $=0;$<k-1;$++){for(var E=0,U=-1,R=$*32,D=Math.min(32,v)+R,u=R;u<D;u++)A[i.charCodeAt(u)]|=1<<u;for(var n=0;n<f;n++){var M=A[c.charCodeAt(n)],J=l[n/32|0]>>>n&1,C=m[n/32|0]>>>n&1,z=M|E,L=((M|C)&U)+U^U|M|C,p=E|~(L|U),j=U&L;p>>>31^J&&(l[n/32|0]^=1<<n),j>>>31^C&&(m[n/32|0]^=1<<n),p=p<<1|J,j=j<<1|C,U=j|~(z|p),E=p&z}for(var u=R;u<D;u++)A[i.charCodeAt(u)]=0}for(var V=0,I=-1,e=$*32,t=Math.min(32,v-e)+e,u=e;u<t;u++)A[i.charCodeAt(u)]|=1<<u;for(var o=v,n=0;n<f;n++){var M=A[c.charCodeAt(n)],J=l[n/32|0]>>>n&1,C=m[n/32|0]>>>n&1,z=M|V,L=((M|C)&I)+I^I|M|C,p=V|~(L|I),j=I&L;o+=p>>>v-1&1,o-=j>>>v-1&1,p>>>31^J&&(l[n/32|0]^=1<<n),j>>>31^C&&(m[n/32|0]^=1<<n),p=p<<1|J,j=j<<1|C,I=j|~(z|p),V=p&z}for(var u=e;u<t;u++)A[i.charCodeAt(u)]=0;return o},w=function(i,c){if(i.length<c.length){var f=c;c=i,i=f}return c.length===0?i.length:i.length<=32?P(i,c):K(i,c)};F.Io=w;var H=function(i,c){for(var f=1/0,v=0,m=0;m<c.length;m++){var l=w(i,c[m]);l<f&&(f=l,v=m)}return c[v]};d=H}),55672:((X,F,d)=>{d.d(F,{runCli:()=>I});var A=d(38321),P=d(55290),K=d(83061),w=d(19473),H=d(58175),i=d(48288),c=d(24092),f=d(76107),v=d(71731),m=d(57975);const l=[{name:"json",type:"flag",description:"Print exactly one JSON document on standard output."},{name:"verbose",type:"flag",description:"Say more, and show causes and stacks of unexpected failures."},{name:"help",type:"flag",description:"Show this help."}],g=e=>e.inputs.filter(t=>t.only!=="action");function k(e,t){const o=[...g(e),...l],a=o.map(r=>r.name),s=new Set(o.filter(r=>r.type==="flag").map(r=>r.name)),y=Object.fromEntries(o.map(r=>[r.name,{type:s.has(r.name)?"boolean":"string",multiple:!0}])),{tokens:S}=(0,m.parseArgs)({args:[...t],options:y,strict:!1,tokens:!0,allowPositionals:!0}),O={},N=[],B=(r,h)=>{O[r]??=[],O[r].push(h)},x=o.filter(r=>r.positional).map(r=>r.name);for(const r of S)if(r.kind==="positional"){const h=x.shift();h?B(h,r.value):N.push({path:r.value,message:`is not expected: coldgate ${e.name} takes flags only.`})}else if(r.kind==="option")if(a.includes(r.name))s.has(r.name)?B(r.name,r.value??"true"):r.value===void 0?N.push({path:r.rawName,message:"needs a value."}):B(r.name,r.value);else{const h=(0,H.p)(r.name,a),T=h?`Did you mean --${h}?`:`See coldgate ${e.name} --help.`;N.push({path:r.rawName,message:`is not a flag of coldgate ${e.name}.`,hint:T})}if(N.length>0)throw new w.dz(N);return O}function n(e,t,o){const a=[];if(t instanceof w.dz){const s=t.problems.length;a.push(`coldgate ${e} failed: ${s===1?"1 problem":`${s} problems`} (${t.code}).`),a.push(...t.message.split(`
`).map(y=>`  ${y}`))}else a.push(`coldgate ${e} failed: ${t.message} (${t.code})`);if(t.hint&&a.push(`  ${t.hint}`),o)for(let s=t;s instanceof Error;s=s.cause)s!==t&&a.push(`  caused by: ${s.message}`),t.exit===w.hS.unexpected&&s.stack&&a.push(s.stack);return a}function $(e,t){return{verb:e,ok:!1,exit:t.exit,error:{code:t.code,message:t.message,...t.hint&&{hint:t.hint},...t.data&&{data:t.data},...t instanceof w.dz&&{problems:t.problems}}}}var E=d(58508);const U=96;function R(e,t){const o=[];let a="";for(const s of e.split(" "))a!==""&&a.length+1+s.length>U-t?(o.push(a),a=s):a=a===""?s:`${a} ${s}`;return o.push(a),o.join(`
${" ".repeat(t)}`)}const D=e=>{const t=Math.max(...e.map(([o])=>o.length));return e.map(([o,a])=>`  ${o.padEnd(t)}  ${R(a,t+4)}`).join(`
`)};function u(e){return e.type==="flag"?"":e.type==="count"?" N":e.type==="seconds"?" TIME":e.type==="list"?" NAME\u2026":typeof e.type=="string"?` ${e.name.toUpperCase()}`:` ${e.type.join("|")}`}function M(e){const t=e.positional?e.name.toUpperCase():`--${e.name}${u(e)}`,o=e.default!==void 0&&e.type!=="flag"?` Default: ${e.default}.`:"";return[t,`${e.description}${e.required?" Required.":""}${o}`]}const J=D([["0","done, no-ops included"],["1","unexpected failure"],["2","usage or configuration is wrong"],["3","integrity: a checksum, or an immutable version"],["4","gate: cold starts regressed, or the SLO is broken"],["5","gate: no verdict"],["6","someone else moved the pointer first"],["7","the function did not pass its readiness proof"],["8","refused: a permission or quota, or a store that cannot be trusted"]]);function C(){return`Coldgate ${E.f}: ship ONNX models to serverless functions.
Immutable versions, a gate on cold starts, an atomic flip.

Usage: coldgate <verb> [--config models.yaml] [--environment NAME] [--model NAME]\u2026 [--json] [--dry-run] [--verbose]

Verbs
${D(P.U.map(e=>[e.name,e.summary]))}

Exit codes
${J}

People's words go to standard error; with --json one JSON document goes to standard output.
coldgate <verb> --help shows the flags of a verb.
`}function z(e){const t=g(e),o=t.filter(s=>s.positional).map(s=>` ${s.name.toUpperCase()}`),a=e.outputs.length===0?"":`
Outputs of the action, fields of --json
${D(e.outputs.map(s=>[s.name,s.description]))}
`;return`coldgate ${e.name}: ${e.summary}

Usage: coldgate ${e.name}${o.join("")} [flags]

${R(e.about,0)}

Flags
${D([...t,...l].map(M))}
${a}
Examples
${e.examples.map(s=>`  ${s}`).join(`
`)}
`}var L=d(20353);const p=e=>process.stdout.write(`${JSON.stringify(e,null,2)}
`);function j(e){const t=(0,P.L)(e);if(t)return t;const o=P.U.map(y=>y.name),a=(0,H.p)(e,o),s=`is not a verb; there are ${o.join(", ")}.`;throw new w.dz([{path:e,message:s,hint:a?`Did you mean coldgate ${a}?`:void 0}])}async function V(e,t,{distDir:o,verbose:a,conceal:s}){const y=(0,L.j)(process.stderr,a,Date.now,s),S=t.includes("--json"),O=k(e,t),N=(0,H.K)(g(e),O,h=>`--${h}`);if((0,f.rK)())return(0,f.or)(o,(0,v.B)(process.env),y);Object.values(N).includes("-")&&(N.stdin=await(0,A.text)(process.stdin));const B=(0,c.z)({log:y,distDir:o,cwd:process.cwd(),dryRun:N.dryRun===!0,conceal:s}),x=await e.run(N,B);for(const h of x.lines)y.info(h);const r=x.failure?.exit??w.hS.done;if(x.failure)for(const h of n(e.name,x.failure,a))y.info(h);if(S){const h=x.failure?$(e.name,s.error(x.failure)):{},T=x.verbatim?x.document:s.value(x.document);p({verb:e.name,ok:r===0,exit:r,...h,...T})}else x.text!==void 0&&process.stdout.write(x.text);return r}async function I(e,t){const[o="",...a]=e,s=a.includes("--verbose");if(o==="--version")return process.stdout.write(`${E.f}
`),0;if(o===""||o==="--help"||o==="help"){const S=(0,P.L)(a[0]??"");return(o===""?process.stderr:process.stdout).write(S?z(S):C()),o===""?w.hS.usage:w.hS.done}const y=new K.P;try{(0,v.p)(process.env),(0,i.UB)(process.env);const S=j(o);return a.includes("--help")?(process.stdout.write(z(S)),0):await V(S,a,{distDir:t,verbose:s,conceal:y})}catch(S){const O=y.error((0,w.Z_)(S));return process.stderr.write(`${n(o,O,s).join(`
`)}
`),a.includes("--json")&&p($(o,O)),O.exit}}})};export{Z as id,b as ids,G as modules};
