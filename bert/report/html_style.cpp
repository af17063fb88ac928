#include "bert/report/html.hpp"

namespace gradus::bert::html {
namespace {

constexpr std::string_view style_sheet = R"css(
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .5rem 0; max-width: 44rem; }
.soft { color: var(--soft); }
.good { color: var(--good); }
.figures { display: grid; gap: .75rem; margin: 1.25rem 0;
  grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.figure { background: var(--panel); border-radius: .5rem; padding: .75rem 1rem; }
.figure b { display: block; font-size: 1.7rem; line-height: 1.25; font-weight: 650; }
.figure span { display: block; color: var(--soft); font-size: .85rem; }
.charts { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.charts svg { width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; overflow-wrap: normal; }
tbody th { font-weight: 500; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--soft); }
:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; }
.sample { margin: 1.25rem 0; break-inside: avoid; }
.sample > p { font-size: 1.05rem; }
.blank { border: 1px solid var(--soft); border-radius: .25rem; padding: 0 .4rem; white-space: nowrap; }
.blank sub { color: var(--soft); font-size: .7em; }
.moments { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(8.4rem, 1fr)); }
.moment { background: var(--panel); border-radius: .5rem; padding: .5rem .75rem; font-size: .85rem; }
.moment > span { color: var(--soft); }
.guesses { list-style: none; margin: .25rem 0 0; padding: 0; }
.guesses li { display: grid; grid-template-columns: 1fr auto; gap: 0 .5rem; margin: .2rem 0; }
.guesses i { grid-column: 1 / -1; height: .3rem; border-radius: .15rem; background: var(--line); }
.guesses i::before { content: ""; display: block; height: 100%; width: var(--p); min-width: 1px;
  border-radius: inherit; background: var(--soft); }
.guesses span { overflow-wrap: anywhere; }
.guesses em { font-style: normal; color: var(--soft); font-variant-numeric: tabular-nums; }
.guesses .right span { color: var(--good); font-weight: 650; }
.guesses .right i::before { background: var(--good); }
@media (max-width: 30rem) {
  .moments { grid-template-columns: repeat(2, 1fr); }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .figure { padding: .6rem .75rem; }
  .figure b { font-size: 1.35rem; }
}
@media print {
  main { max-width: none; padding: 0; }
  .figure, .moment, .charts > *, tr { break-inside: avoid; }
  .figure, .moment { border: 1px solid var(--line); }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace

std::string_view page_style() { return style_sheet; }

}  // namespace gradus::bert::html
