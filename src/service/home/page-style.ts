/** The style of the home page. Its colours follow the setting of the system. */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1c2430, #e6eaf0); --soft: light-dark(#55606f, #a4b0bf); --line: light-dark(#d5dbe3, #38424f);
  --ground: light-dark(#f6f7f9, #14181d); --card: light-dark(#fff, #1c2229); --accent: light-dark(#9a3412, #fdba74); --good: light-dark(#166534, #86efac) }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 68rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -.01em }
h2 { margin: 0 0 .25rem; font-size: 1.125rem }
h3 { margin: 1rem 0 .25rem; font-size: 1rem }
header p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 46rem }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem }
a { color: var(--accent) }
.tenants { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem; margin: 1.25rem 0 }
section { padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; min-width: 0 }
.id { margin: 0 0 .75rem; color: var(--soft); font: .8125rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
form { display: flex; align-items: end; gap: .5rem }
label { flex: 1; min-width: 0; font-size: .875rem; color: var(--soft) }
input, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .375rem; padding: .375rem .625rem }
input { display: block; width: 100% }
button { cursor: pointer }
button:hover { border-color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
ul { list-style: none; margin: .75rem 0 0; padding: 0 }
li { overflow-wrap: anywhere }
ul li { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .25rem .75rem; padding: .375rem 0; border-top: 1px solid var(--line) }
ul button { font-size: .875rem; padding: .125rem .5rem }
pre { margin: .5rem 0 0; padding: .75rem; overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: .375rem; font: .8125rem/1.5 ui-monospace, monospace }
ol { margin: 0; padding-left: 1.5rem; font: .8125rem/1.6 ui-monospace, monospace }
#request { margin: 0 }
.status { font-weight: 600; color: var(--good) }
.status.refused { color: var(--accent) }
`
