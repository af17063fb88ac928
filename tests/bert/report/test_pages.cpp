// The helpers of the pages: escaping and figures.
#include <limits>
#include <string>
#include <vector>

#include "bert/report/guess_list.hpp"
#include "bert/report/html.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::bert;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("pages: text cannot leave its place") {
  CHECK(html::escape("<script>alert(\"a\" & 'b')</script>") ==
        "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;");
  CHECK(html::escape("caf\xC3\xA9 \xE7\x95\x8C") == "caf\xC3\xA9 \xE7\x95\x8C");
  CHECK(html::escape(std::string_view("a\0b\x1Bz\tc\n", 8)) ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBDz\tc\n");
  CHECK(html::escape("\xFFx\xC3") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  CHECK(html::escape("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  CHECK(html::escape("").empty());
}

TEST_CASE("pages: a JSON string cannot end its script") {
  CHECK(html::json_string("</script>") == "\"\\u003c/script\\u003e\"");
  CHECK(html::json_string("a\"b\\c&\n") == "\"a\\\"b\\\\c\\u0026\\u000a\"");
  CHECK(html::json_string("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6") == "\"\\u2028\\u2029\xE2\x80\xA6\"");
  CHECK(html::json_string("\xFF") == "\"\xEF\xBF\xBD\"");
  CHECK(html::json_string("") == "\"\"");
}

TEST_CASE("pages: base64 as RFC 4648, section 10, has it") {
  const auto encoded = [](std::string_view text) {
    return html::base64({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  CHECK(encoded("").empty());
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xFF\xFE\xFD") == "//79");
}

TEST_CASE("pages: figures are short and read well") {
  CHECK(html::number(3.14159) == "3.14");
  CHECK(html::number(0.001) == "0.001");
  CHECK(html::number(1e-5) == "1e-05");
  CHECK(html::number(999.4) == "999");
  CHECK(html::number(999.6) == "1,000");
  CHECK(html::number(-1234567) == "-1,234,567");
  CHECK(html::number(not_a_number) == "\xE2\x80\x93");
  CHECK(html::number(-infinity) == "-\xE2\x88\x9E");
  CHECK(html::percent(0.7236) == "72.4\xC2\xA0%");
  CHECK(html::percent(not_a_number) == "\xE2\x80\x93");
  CHECK(html::count(0) == "0");
  CHECK(html::count(999) == "999");
  CHECK(html::count(-1000) == "-1,000");
  CHECK(html::count(12288000) == "12,288,000");
  CHECK(html::duration(8.24) == "8.2\xC2\xA0s");
  CHECK(html::duration(59.97) == "1\xC2\xA0min 00\xC2\xA0s");
  CHECK(html::duration(7620) == "2\xC2\xA0h 07\xC2\xA0min");
  CHECK(html::duration(-1) == "\xE2\x80\x93");
}

TEST_CASE("pages: the frame holds its parts, escaped, and asks for nothing outside") {
  const std::string page =
      html::render({"A <b>", "x & y", "<p>body</p>\n", ".z { top: 0; }\n", "let a = 1;\n"});
  CHECK(count_of(page, "<h1>A &lt;b&gt;</h1><p class=\"soft\">x &amp; y</p>") == 1);
  CHECK(count_of(page, "<title>A &lt;b&gt;</title>") == 1);
  CHECK(count_of(page, "<p>body</p>") == 1);
  CHECK(count_of(page, "<script>\nlet a = 1;\n</script>") == 1);
  CHECK(count_of(page, "default-src 'none'") == 1);
  CHECK(outside_requests(page).empty());
  CHECK(count_of(html::render({"t", "", "", "", ""}), "<script") == 0);
}

TEST_CASE("pages: the right guess is marked, and only that one") {
  const std::vector<Guess> guesses = {{"c<p", 0.5}, {"cup", 0.25}, {"cap", not_a_number}};
  const std::string list = render_guesses(guesses, "cup");
  CHECK(count_of(list, "<li") == 3);
  CHECK(count_of(list, "class=\"right\"") == 1);
  CHECK(count_of(list,
                 "<li class=\"right\"><span>cup \xE2\x9C\x93</span><em>25.0\xC2\xA0%</em>"
                 "<i style=\"--p:25.0%\"></i></li>") == 1);
  CHECK(count_of(list, "c&lt;p") == 1);
  CHECK(count_of(list, "nan") == 0);
  CHECK(count_of(render_guesses({{"", 1}}, ""), "right") == 0);
}
