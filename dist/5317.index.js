const T=5317,X=[5317],Z={21916:((B,P)=>{var d;d=!0,P.Io=d=void 0;var w=new Uint32Array(65536),L=function(i,l){for(var m=i.length,h=l.length,f=1<<m-1,c=-1,$=0,E=m,n=m;n--;)w[i.charCodeAt(n)]|=1<<n;for(n=0;n<h;n++){var y=w[l.charCodeAt(n)],S=y|$;y|=(y&c)+c^c,$|=~(y|c),c&=y,$&f&&E++,c&f&&E--,$=$<<1|1,c=c<<1|~(S|$),$&=S}for(n=m;n--;)w[i.charCodeAt(n)]=0;return E},j=function(i,l){for(var m=l.length,h=i.length,f=[],c=[],$=Math.ceil(m/32),E=Math.ceil(h/32),n=0;n<$;n++)c[n]=-1,f[n]=0;for(var y=0;y<E-1;y++){for(var S=0,A=-1,D=y*32,V=Math.min(32,h)+D,u=D;u<V;u++)w[i.charCodeAt(u)]|=1<<u;for(var n=0;n<m;n++){var N=w[l.charCodeAt(n)],M=c[n/32|0]>>>n&1,C=f[n/32|0]>>>n&1,O=N|S,k=((N|C)&A)+A^A|N|C,v=S|~(k|A),x=A&k;v>>>31^M&&(c[n/32|0]^=1<<n),x>>>31^C&&(f[n/32|0]^=1<<n),v=v<<1|M,x=x<<1|C,A=x|~(O|v),S=v&O}for(var u=D;u<V;u++)w[i.charCodeAt(u)]=0}for(var e=0,t=-1,s=y*32,a=Math.min(32,h-s)+s,u=s;u<a;u++)w[i.charCodeAt(u)]|=1<<u;for(var o=h,n=0;n<m;n++){var N=w[l.charCodeAt(n)],M=c[n/32|0]>>>n&1,C=f[n/32|0]>>>n&1,O=N|e,k=((N|C)&t)+t^t|N|C,v=e|~(k|t),x=t&k;o+=v>>>h-1&1,o-=x>>>h-1&1,v>>>31^M&&(c[n/32|0]^=1<<n),x>>>31^C&&(f[n/32|0]^=1<<n),v=v<<1|M,x=x<<1|C,t=x|~(O|v),e=v&O}for(var u=s;u<a;u++)w[i.charCodeAt(u)]=0;return o},R=function(i,l){if(i.length<l.length){var m=l;l=i,i=m}return l.length===0?i.length:i.length<=32?L(i,l):j(i,l)};P.Io=R;var F=function(i,l){for(var m=1/0,h=0,f=0;f<l.length;f++){var c=R(i,l[f]);c<m&&(m=c,h=f)}return l[h]};d=F}),55672:((B,P,d)=>{d.d(P,{runCli:()=>x});var w=d(38321),L=d(40279),j=d(19473),R=d(58175),F=d(24092),i=d(76107),l=d(71731),m=d(57975);const h=[{name:"json",type:"flag",description:"Print exactly one JSON document on standard output."},{name:"verbose",type:"flag",description:"Say more, and show causes and stacks of unexpected failures."},{name:"help",type:"flag",description:"Show this help."}],f=e=>e.inputs.filter(t=>t.only!=="action");function c(e,t){const s=[...f(e),...h],a=s.map(r=>r.name),o=new Set(s.filter(r=>r.type==="flag").map(r=>r.name)),p=Object.fromEntries(s.map(r=>[r.name,{type:o.has(r.name)?"boolean":"string",multiple:!0}])),{tokens:z}=(0,m.parseArgs)({args:[...t],options:p,strict:!1,tokens:!0,allowPositionals:!0}),U={},I=[],g=(r,J)=>{U[r]??=[],U[r].push(J)},H=s.filter(r=>r.positional).map(r=>r.name);for(const r of z)if(r.kind==="positional"){const J=H.shift();J?g(J,r.value):I.push({path:r.value,message:`is not expected: coldgate ${e.name} takes flags only.`})}else if(r.kind==="option")if(a.includes(r.name))o.has(r.name)?g(r.name,r.value??"true"):r.value===void 0?I.push({path:r.rawName,message:"needs a value."}):g(r.name,r.value);else{const J=(0,R.p)(r.name,a),K=J?`Did you mean --${J}?`:`See coldgate ${e.name} --help.`;I.push({path:r.rawName,message:`is not a flag of coldgate ${e.name}.`,hint:K})}if(I.length>0)throw new j.dz(I);return U}function $(e,t,s){const a=[];if(t instanceof j.dz){const o=t.problems.length;a.push(`coldgate ${e} failed: ${o===1?"1 problem":`${o} problems`} (${t.code}).`),a.push(...t.message.split(`
`).map(p=>`  ${p}`))}else a.push(`coldgate ${e} failed: ${t.message} (${t.code})`);if(t.hint&&a.push(`  ${t.hint}`),s)for(let o=t;o instanceof Error;o=o.cause)o!==t&&a.push(`  caused by: ${o.message}`),t.exit===j.hS.unexpected&&o.stack&&a.push(o.stack);return a}function E(e,t){return{verb:e,ok:!1,exit:t.exit,error:{code:t.code,message:t.message,...t.hint&&{hint:t.hint},...t.data&&{data:t.data},...t instanceof j.dz&&{problems:t.problems}}}}var n=d(58508);const y=96;function S(e,t){const s=[];let a="";for(const o of e.split(" "))a!==""&&a.length+1+o.length>y-t?(s.push(a),a=o):a=a===""?o:`${a} ${o}`;return s.push(a),s.join(`
${" ".repeat(t)}`)}const A=e=>{const t=Math.max(...e.map(([s])=>s.length));return e.map(([s,a])=>`  ${s.padEnd(t)}  ${S(a,t+4)}`).join(`
`)};function D(e){return e.type==="flag"?"":e.type==="count"?" N":e.type==="seconds"?" TIME":e.type==="list"?" NAME\u2026":typeof e.type=="string"?` ${e.name.toUpperCase()}`:` ${e.type.join("|")}`}function V(e){const t=e.positional?e.name.toUpperCase():`--${e.name}${D(e)}`,s=e.default!==void 0&&e.type!=="flag"?` Default: ${e.default}.`:"";return[t,`${e.description}${e.required?" Required.":""}${s}`]}const u=A([["0","done, no-ops included"],["1","unexpected failure"],["2","usage or configuration is wrong"],["3","integrity: a checksum, or an immutable version"],["4","gate: cold starts regressed, or the SLO is broken"],["5","gate: no verdict"],["6","someone else moved the pointer first"],["7","the function did not prove itself"],["8","refused: a permission or quota, or a store that cannot be trusted"]]);function N(){return`Coldgate ${n.f}: ship ONNX models to serverless functions.
Immutable versions, a gate on cold starts, an atomic flip.

Usage: coldgate <verb> [--config models.yaml] [--environment NAME] [--model NAME]\u2026 [--json] [--dry-run] [--verbose]

Verbs
${A(L.U.map(e=>[e.name,e.summary]))}

Exit codes
${u}

People's words go to standard error; with --json one JSON document goes to standard output.
coldgate <verb> --help tells the flags of a verb.
`}function M(e){const t=f(e),s=t.filter(o=>o.positional).map(o=>` ${o.name.toUpperCase()}`),a=e.outputs.length===0?"":`
Outputs of the action, fields of --json
${A(e.outputs.map(o=>[o.name,o.description]))}
`;return`coldgate ${e.name}: ${e.summary}

Usage: coldgate ${e.name}${s.join("")} [flags]

${S(e.about,0)}

Flags
${A([...t,...h].map(V))}
${a}
Examples
${e.examples.map(o=>`  ${o}`).join(`
`)}
`}var C=d(20353);const O=e=>process.stdout.write(`${JSON.stringify(e,null,2)}
`);function k(e){const t=(0,L.L)(e);if(t)return t;const s=L.U.map(p=>p.name),a=(0,R.p)(e,s),o=`is not a verb; there are ${s.join(", ")}.`;throw new j.dz([{path:e,message:o,hint:a?`Did you mean coldgate ${a}?`:void 0}])}async function v(e,t,s,a){const o=(0,C.j)(process.stderr,a),p=t.includes("--json"),z=c(e,t),U=(0,R.K)(f(e),z,r=>`--${r}`);if((0,i.r)())return(0,i.o)(s,(0,l.B)(process.env),o);Object.values(U).includes("-")&&(U.stdin=await(0,w.text)(process.stdin));const I=(0,F.z)({log:o,distDir:s,cwd:process.cwd(),dryRun:U.dryRun===!0}),g=await e.run(U,I);for(const r of g.lines)o.info(r);const H=g.failure?.exit??j.hS.done;if(g.failure)for(const r of $(e.name,g.failure,a))o.info(r);if(p){const r=g.failure?E(e.name,g.failure):{};O({verb:e.name,ok:H===0,exit:H,...r,...g.document})}else g.text!==void 0&&process.stdout.write(g.text);return H}async function x(e,t){const[s="",...a]=e,o=a.includes("--verbose");if(s==="--version")return process.stdout.write(`${n.f}
`),0;if(s===""||s==="--help"||s==="help"){const p=(0,L.L)(a[0]??"");return(s===""?process.stderr:process.stdout).write(p?M(p):N()),s===""?j.hS.usage:j.hS.done}try{const p=k(s);return a.includes("--help")?(process.stdout.write(M(p)),0):await v(p,a,t,o)}catch(p){const z=(0,j.Z_)(p);return process.stderr.write(`${$(s,z,o).join(`
`)}
`),a.includes("--json")&&O(E(s,z)),z.exit}}})};export{T as id,X as ids,Z as modules};
