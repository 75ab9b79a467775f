"""The style sheet of a report's page: light and dark, wide screens and phones, no scripts."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1a1d21; --faint: #5f6773; --rule: #e2e4e8;
  --accent: #0b63a5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131519; --card: #1b1e23; --ink: #e6e8eb; --faint: #9aa3af; --rule: #31363d;
    --accent: #7cc0f5;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: break-word;
}
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .5rem; text-wrap: balance; }
h2 {
  font-size: 1.2rem; margin: 2.75rem 0 1rem; padding-bottom: .35rem;
  border-bottom: 1px solid var(--rule);
}
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: 0 0 .6rem; max-width: 46rem; }
a { color: var(--accent); }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre {
  margin: 0 0 .75rem; padding: .6rem .8rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: .35rem;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.question { font-size: 1.1rem; color: var(--faint); }
.small, figcaption, .scope { font-size: .85rem; line-height: 1.5; color: var(--faint); }
.pair { display: grid; gap: 1rem; grid-template-columns: 1fr 1fr; margin: 1.5rem 0; }
.card {
  padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: .5rem;
}
.card > :last-child { margin-bottom: 0; }
.card h2 {
  margin: 0 0 .4rem; padding: 0; border: 0; font-size: .75rem; letter-spacing: .06em;
  text-transform: uppercase; color: var(--faint);
}
.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem 1.5rem;
  margin: 0;
}
.facts dt { font-size: .78rem; color: var(--faint); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.result { margin: 0 0 2.25rem; }
.result > figcaption { margin-top: .5rem; }
.scroll { overflow-x: auto; }
.figure { background: #fff; border: 1px solid var(--rule); border-radius: .5rem; padding: .25rem; }
.figure img { display: block; margin: 0 auto; max-width: 100%; }
.samples {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.5rem;
}
.samples figure { margin: 0; }
.samples figcaption { margin-top: .4rem; }
.samples img { display: block; max-width: 100%; image-rendering: pixelated; border-radius: .25rem; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
.numbers { margin: .5rem 0; }
.numbers th, .numbers td { padding: .4rem .8rem; white-space: nowrap; }
.numbers thead th { font-weight: 600; text-align: right; border-bottom: 1px solid var(--ink); }
.numbers thead .corner, .numbers thead .across {
  font-weight: 400; color: var(--faint); font-size: .85rem;
}
.numbers thead .corner { text-align: left; }
.numbers thead .across { text-align: left; border: 0; padding-bottom: 0; }
.numbers tbody th {
  position: sticky; left: 0; background: var(--page); text-align: left; vertical-align: top;
  font-weight: 600;
}
.numbers td { text-align: right; vertical-align: top; }
.numbers tbody tr + tr > * { border-top: 1px solid var(--rule); }
.ours, .paper { display: block; }
.paper { font-size: .78rem; line-height: 1.3; color: var(--faint); }
details { border-top: 1px solid var(--rule); padding: .6rem 0; }
details:last-of-type { border-bottom: 1px solid var(--rule); }
summary { cursor: pointer; font-weight: 600; }
details > :not(summary) { margin-top: .6rem; }
.tree {
  display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .15rem 1.25rem;
  margin: 0; font-size: .88rem;
}
.tree dt { color: var(--faint); overflow-wrap: anywhere; }
.tree dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.tree .tree { font-size: 1em; padding-left: .9rem; border-left: 2px solid var(--rule); }
.tree .nested { grid-column: 1 / -1; margin: .1rem 0 .4rem; }
@media (max-width: 40rem) {
  body { padding-top: 1.5rem; }
  h1 { font-size: 1.4rem; }
  .pair { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr 1fr; }
  .numbers th, .numbers td { padding: .35rem .55rem; }
  .numbers thead .corner { white-space: normal; }
}
@media print { body { max-width: none; } .scroll { overflow: visible; } }
"""
