import { raw } from 'hono/html'

/** The style sheet of a report: dark and light, and one column on a phone. */
export const styles = raw(`
:root { --page: #fff; --text: #1c1f24; --soft: #5b6470; --line: #d9dee5; --box: #f5f7f9;
  --red: #b3261e; --amber: #8a5a00; --green: #1b6e3c; --blue: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e7eaee; --soft: #9aa5b1; --line: #323a43; --box: #1d2228;
  --red: #ff8a80; --amber: #ffc56b; --green: #7ddb9d; --blue: #8ec5ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem; } h3 { margin: 0 0 .5rem; font-size: 1rem; }
p { margin: .25rem 0; } small, .about, .subject { color: var(--soft); } small { font-size: .8rem; font-weight: normal; }
a { color: var(--blue); } code { font: .875rem/1.5 ui-monospace, monospace; }
pre { margin: .25rem 0 .5rem; padding: .5rem .75rem; background: var(--box); border-radius: .25rem; white-space: pre-wrap; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
article:target { border-color: var(--blue); }
.verdict { font-size: 1.25rem; font-weight: 600; } .like + .like { margin-top: .75rem; }
.error, .leaks { color: var(--red); } .warning, .not-proved { color: var(--amber); } .sound, .tried, .protected { color: var(--green); }
.level, .state { font-weight: 600; white-space: nowrap; } .problem { padding-left: .75rem; border-left: .2rem solid var(--line); }
.remedy, .names { color: var(--soft); } summary { cursor: pointer; color: var(--soft); }
.demonstrated { border: 2px solid var(--red); border-radius: .5rem; padding: 0 1rem .75rem; margin-top: 1.5rem; }
.demonstrated h2 { margin-top: .75rem; }
.legend { list-style: none; margin: .5rem 0 1rem; padding: 0; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid var(--line); }
thead th { white-space: nowrap; } tbody th { font-weight: 500; width: 30%; } td small { display: block; }
@media (max-width: 40rem) {
  thead { display: none; } tbody tr { display: grid; grid-template-columns: 1fr 1fr; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  tbody th { grid-column: 1 / -1; width: auto; font-weight: 600; } th, td { border: 0; padding: .15rem 0; }
  td::before { content: attr(data-command) " "; color: var(--soft); font-size: .75rem; }
}
`)
