"""The style sheet of all pages, and the policy that allows it and nothing else."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --card: #fff; --ink: #1b1d21; --soft: #61656d;
  --line: #e3e3de; --link: #0b57a4; --healthy: #146c39; --degraded: #8a5300; --critical: #b3261e;
  --unknown: #61656d; --tint: 9%; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f24; --ink: #e8e9eb;
  --soft: #a0a5ae; --line: #30343b; --link: #8cbcf2; --healthy: #6fd695; --degraded: #f0b75c;
  --critical: #ff9a90; --unknown: #a0a5ae; --tint: 16%; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 3rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline;
  justify-content: space-between; margin-bottom: 1.25rem; }
h1 { font-size: 1.4rem; margin: 0; letter-spacing: -.01em; }
h1 small { color: var(--soft); font-size: .85rem; font-weight: 400; letter-spacing: 0; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .95rem; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem;
  margin: 0 0 1.5rem; padding: 0; }
.counts a { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .6rem .9rem; color: inherit; text-decoration: none; }
.counts a:hover, .counts a[aria-current] { border-color: var(--link); }
.counts strong { display: block; font-size: 1.6rem; font-weight: 600; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.search { display: flex; gap: .5rem; margin-bottom: 1rem; }
.search input, .search button { font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .6rem; padding: .35rem .8rem; }
.search input { flex: 1; min-width: 0; max-width: 26rem; }
.banner { border: 1px solid var(--critical); border-radius: .6rem; padding: .6rem .9rem;
  background: color-mix(in srgb, var(--critical) var(--tint), transparent); margin-bottom: 1.5rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem;
  line-height: 1.45; margin: .4rem 0 0; }
.store { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  margin-bottom: .6rem; border-left: .3rem solid var(--state); }
.store > summary { display: grid; gap: .1rem 1rem; padding: .65rem .9rem; cursor: pointer;
  grid-template-columns: 7rem minmax(12rem, 1fr) minmax(14rem, 2fr) 8rem; align-items: baseline;
  list-style: none; }
.store > summary::-webkit-details-marker { display: none; }
.store > summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.healthy { --state: var(--healthy); } .degraded { --state: var(--degraded); }
.critical { --state: var(--critical); } .unknown { --state: var(--unknown); }
.badge { color: var(--state); font-weight: 600; white-space: nowrap; }
.badge::before { content: "\\25CF"; margin-right: .45em; }
.domain { font-weight: 600; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; }
.why { overflow-wrap: anywhere; }
.when { text-align: right; white-space: nowrap; }
.when::after { content: "\\25B8"; margin-left: .6em; }
[open] > summary .when::after { content: "\\25BE"; }
.checks { overflow-x: auto; border-top: 1px solid var(--line); padding: .25rem .9rem .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
code { font: .9em ui-monospace, monospace; }
pre code { font-size: 1em; }
p, ul, ol { max-width: 48rem; }
.pages { display: flex; gap: 1rem; justify-content: center; margin-top: 1rem; }
@media (max-width: 46rem) {
  .store > summary { grid-template-columns: 1fr auto; }
  .store > summary .why { grid-column: 1 / -1; order: 3; }
  .store > summary .who { grid-column: 1 / -1; order: 2; }
  .checks thead, .calls thead, .wide thead { display: none; }
  .wide tr { display: block; padding: .6rem 0; border-top: 1px solid var(--line); }
  .wide td { display: block; padding: 0; overflow-wrap: anywhere; }
  .calls tr { display: grid; grid-template-columns: auto 1fr; gap: 0 .9rem; padding: .6rem 0;
    border-top: 1px solid var(--line); }
  .calls td { padding: 0; overflow-wrap: anywhere; }
  .calls td:last-child { grid-column: 1 / -1; }
  .checks tr { display: flex; flex-wrap: wrap; gap: 0 .5rem; padding: .4rem 0; }
  .checks td { padding: 0; }
  .checks td:first-child { flex: 1 0 auto; max-width: 100%; font-weight: 600;
    overflow-wrap: anywhere; }
  .checks td:last-child { flex: 0 0 100%; overflow-wrap: anywhere; }
}
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of a page with this style sheet."""
