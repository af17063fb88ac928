import re,io
R=lambda p:open(p).read()
def W(p,s): open(p,'w').write(s)
# text
lines=R('bert/lines.cpp')
m=re.search(r'std::size_t find_invalid_utf8\(.*?\n}\n\n',lines,re.S)
utf8=m.group(0); W('bert/lines.cpp',lines.replace(utf8,''))
h=R('bert/lines.hpp')
m=re.search(r'/// The index of the first byte that does not belong.*?find_invalid_utf8\(std::string_view text\);\n',h,re.S)
utf8doc=m.group(0)
h=h.replace('\n'+utf8doc,'\nusing plot::find_invalid_utf8;\n')
h=h.replace('#include <string_view>\n','#include <string_view>\n\n#include "plot/text.hpp"\n',1)
W('bert/lines.hpp',h)
hc=R('bert/html.cpp')
def cut(pat):
    global hc
    m=re.search(pat,hc,re.S); s=m.group(0); hc=hc.replace(s,''); return s
esc=cut(r'std::string escape\(.*?\n}\n\n'); num=cut(r'std::string number\(.*?\n}\n\n'); per=cut(r'std::string percent\(.*?\n}\n\n'); 
wf=cut(r'/// `text` with U\+FFFD for every.*?\n}\n\n')
sa=re.search(r'std::string set_apart\(.*?\n}\n\n',hc,re.S).group(0)
cnt=cut(r'std::string count\(.*?\n}\n\n')
hc=hc.replace(sa,'')
hc=hc.replace('constexpr std::string_view kReplacement = "\\xEF\\xBF\\xBD";  // U+FFFD\n','')
hc=hc.replace('const std::string clean = well_formed(text);','const std::string clean = plot::well_formed(text);')
hc=hc.replace('#include "bert/lines.hpp"\n\n','')
W('bert/html.cpp',hc)
hh=R('bert/html.hpp')
def cuth(pat):
    global hh
    m=re.search(pat,hh,re.S); s=m.group(0); hh=hh.replace(s,''); return s
escd=cuth(r'/// `text` for an HTML or SVG.*?escape\(std::string_view text\);\n\n')
numd=cuth(r'/// `value` with `digits` sig.*?int digits = 3\);\n\n')
perd=cuth(r'/// `fraction` as.*?int decimals = 1\);\n\n')
cntd=cuth(r'/// `value` with its thousands.*?count\(std::int64_t value\);\n\n')
pald=cuth(r'\n/// The colours, as CSS.*?palette\(std::string_view selector\);\n')
hh=hh.replace('#include <string_view>\n','#include <string_view>\n\n#include "plot/svg_file.hpp"\n#include "plot/text.hpp"\n',1)
hh=hh.replace('namespace gradus::bert::html {\n','namespace gradus::bert::html {\n\n// What a page shares with the pictures in it.\nusing plot::count;\nusing plot::escape;\nusing plot::number;\nusing plot::palette;\nusing plot::percent;\n',1)
W('bert/html.hpp',hh)
hs=R('bert/html_style.cpp')
cols=re.search(r'constexpr std::string_view kLight.*?;\nconstexpr std::string_view kDark.*?;\n\n',hs,re.S).group(0)
hs=hs.replace(cols,'')
pal=re.search(r'std::string palette\(.*?\n}\n\n',hs,re.S).group(0); hs=hs.replace('\n'+pal,'\n')
hs=hs.replace('#include <fmt/format.h>\n\n','')
W('bert/html_style.cpp',hs)
ax=R('plot/chart_axis.cpp')
tw=re.search(r'double text_width\(.*?\n}\n\n',ax,re.S).group(0); ax=ax.replace(tw,''); W('plot/chart_axis.cpp',ax)
axh=R('plot/chart_axis.hpp')
twd=re.search(r'/// The width of `text` in CSS.*?double size\);\n\n',axh,re.S).group(0); axh=axh.replace(twd,'').replace('#include <string_view>\n',''); W('plot/chart_axis.hpp',axh)
twd=twd.replace("double size);","double size = 12);")
W('plot/text.hpp','''/// @file
/// Text for pictures and pages: made safe, measured, and figures made readable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus::plot {

'''+utf8doc+'\n/// `text` with U+FFFD for every byte that is not UTF-8.\nstd::string well_formed(std::string_view text);\n\n'+escd+numd+perd+cntd+twd+'}  // namespace gradus::plot\n')
wf=wf.replace('/// `text` with U+FFFD for every byte that is not UTF-8.\n','')
W('plot/text.cpp','''#include "plot/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gradus::plot {
namespace {

constexpr std::string_view kReplacement = "\\xEF\\xBF\\xBD";  // U+FFFD
constexpr std::string_view kNone = "\\xE2\\x80\\x93";         // en dash
constexpr std::string_view kNoBreak = "\\xC2\\xA0";          // no-break space

'''+sa+'}  // namespace\n\n'+utf8+wf+esc+num+per+cnt+tw+'}  // namespace gradus::plot\n')
for p in ['plot/chart.hpp','plot/chart.cpp','plot/chart_axis.hpp','plot/chart_axis.cpp','plot/svg_file.hpp','plot/svg_file.cpp']:
    s=R(p).replace('gradus::bert','gradus::plot').replace('"bert/','"plot/').replace('html::','').replace('plot/html.hpp','plot/text.hpp').replace('using detail::text_width;\n','')
    W(p,s)
s=R('plot/svg_file.hpp')
s=s.replace("palette's. */","").replace('''/// The styles of charts''',pald.lstrip('\n')+'''\n/// The styles of charts''')
W('plot/svg_file.hpp',s)
s=R('plot/svg_file.cpp').replace('namespace gradus::plot {\n','namespace gradus::plot {\nnamespace {\n\n'+cols+'}  // namespace\n\n'+pal,1); W('plot/svg_file.cpp',s)
# users
for p in ['bert/attention_page.cpp','bert/report.cpp','bert/report.hpp','bert/report_charts.cpp','bert/report_charts.hpp','app/run_report.cpp']:
    s=R(p)
    s=s.replace('"bert/chart.hpp"','"plot/chart.hpp"').replace('"bert/chart_axis.hpp"','"plot/text.hpp"').replace('"bert/svg_file.hpp"','"plot/svg_file.hpp"')
    s=s.replace('detail::text_width','plot::text_width').replace('bert::chart_svg_file','plot::chart_svg_file')
    s=re.sub(r'(?<![:\w])(svg_style\(|svg_file\(|chart_svg\(|smoothed\(|ChartSeries\b|ChartGuide\b|Chart\b)(?!s)',r'plot::\1',s)
    W(p,s)
# tests
t=R('tests/bert/test_pages.cpp')
i=t.index('TEST_CASE("chart: round ticks")')
chart=t[i:]; W('tests/bert/test_pages.cpp',t[:i].rstrip()+'\n')
W('tests/plot/test_chart.cpp',chart)
