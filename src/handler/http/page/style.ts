export const pageStyle = `
:root { color-scheme: light dark; --line: #8883; --soft: #8881; --main: #2563eb; --link: #1d4ed8; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --link: #60a5fa; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem 1rem 2rem; max-width: 68rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: .8rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; } h1 span { font-weight: 400; opacity: .65; }
h2 { font-size: .95rem; margin: 1.5rem 0 .4rem; } h2 code { font-weight: 400; opacity: .65; margin-left: .4rem; }
p { margin: .3rem 0; } .quiet, .small { font-size: .85rem; } .quiet { opacity: .7; overflow-wrap: anywhere; }
#state::before { content: ''; display: inline-block; width: .6rem; height: .6rem; margin-right: .5rem; border-radius: 50%;
  background: #888; } #state.good::before { background: var(--good); } #state.bad::before { background: var(--bad); }
main { display: grid; gap: 0 2.5rem; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
@media (max-width: 48rem) { main { grid-template-columns: minmax(0, 1fr); } }
textarea, pre { width: 100%; font: 13px/1.45 ui-monospace, monospace; border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem; background: var(--soft); color: inherit; margin: 0; }
textarea { display: block; height: 13rem; resize: vertical; }
pre { min-height: 4rem; max-height: 24rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: .7rem 0; }
button { font: inherit; padding: .4rem 1.2rem; border: 1px solid var(--main); border-radius: 6px; background: var(--main);
  color: #fff; cursor: pointer; } button:disabled { opacity: .5; } button.plain { background: none; color: inherit;
  border-color: var(--line); } :focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
#failure { border: 1px solid var(--bad); border-left-width: 4px; border-radius: 6px; padding: .6rem .8rem; margin: 0;
  overflow-wrap: anywhere; } #failure strong { color: var(--bad); display: block; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
td { border-top: 1px solid var(--line); padding: .25rem .6rem .25rem 0; overflow-wrap: anywhere; vertical-align: top; }
td:last-child { padding-right: 0; } tr:first-child td { border-top: 0; }
#card td:first-child, #tensors td:first-child { width: 6.5rem; opacity: .7; }
#timings td:first-child { width: 7rem; } #timings td:nth-child(2) { vertical-align: middle; }
#timings td:last-child { width: 5.5rem; text-align: right; font-variant-numeric: tabular-nums; }
#timings i { display: block; height: .5rem; border-radius: 2px; background: var(--main); opacity: .75; }
a { color: var(--link); }
[hidden] { display: none; }
`;
