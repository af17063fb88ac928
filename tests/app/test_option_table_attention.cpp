// What each option of attention does.
#include "app/option_table.hpp"
#include "autograd/npy.hpp"
#include "support/page_checks.hpp"

namespace gradus::test {

std::vector<OptionRow> attention_rows() {
  const Words call = {"attention", "../model", "Tom was hungry.", "--out", "x.html"};
  const Words picture = {"attention", "../model", "Tom was hungry.", "--svg", "x.svg"};
  const Words numbers = {"attention", "../model", "Tom was hungry.", "--npy", "x.npy"};
  const Words deep = with(with(small_pretraining(), {"--layers", "2"}), {"--heads", "2"});
  const std::vector<Words> before = {with(deep, {"--out", "deep"})};
  const Words of_deep = {"attention", "deep", "Tom was hungry.", "--svg", "x.svg"};
  const auto changes = [](Words words, size_t place, const std::string& word) {
    words[place] = word;
    return words;
  };
  Words pair = call;
  pair.insert(pair.begin() + 3, "He was in the barn.");
  const auto titles = [](const Outcome& made) { return count_of(made.text("x.svg"), "class=\"title\""); };
  return {
      {"attention", "MODEL", numbers, changes(numbers, 1, "../other"),
       [](auto& base, auto& changed) { CHECK(base.text("x.npy") != changed.text("x.npy")); }},
      {"attention", "TEXT", call, changes(call, 2, "Anna was hungry."),
       [](auto& base, auto& changed) {
         CHECK(base.text("x.html").find("\"anna\"") == std::string::npos);
         CHECK(changed.text("x.html").find("\"anna\"") != std::string::npos);
       }},
      {"attention", "PAIR", call, pair,
       [](auto& base, auto& changed) {
         CHECK(base.text("x.html").find("\"segments\":[]") != std::string::npos);
         CHECK(changed.text("x.html").find("\"segments\":[0,") != std::string::npos);
       }},
      {"attention", "--out", numbers, with(numbers, {"--out", "y.html"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("y.html"));
         CHECK(changed.text("y.html").find("<h1>Attention</h1>") != std::string::npos);
       }},
      {"attention", "--svg", call, with(call, {"--svg", "y.svg"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("y.svg"));
         CHECK(changed.text("y.svg").find("Layer 1, head 1") != std::string::npos);
       }},
      {"attention", "--layer", of_deep, with(of_deep, {"--layer", "1"}),
       [](auto& base, auto& changed) {
         CHECK(base.text("x.svg").find("Layer 2, head 2") != std::string::npos);
         CHECK(changed.text("x.svg").find("Layer 1, head 2") != std::string::npos);
       },
       0, 0, "", before},
      {"attention", "--head", of_deep, with(of_deep, {"--head", "2"}),
       [titles](auto& base, auto& changed) {
         CHECK(titles(base) == 2);
         CHECK(titles(changed) == 1);
         CHECK(changed.text("x.svg").find("Layer 2, head 2") != std::string::npos);
       },
       0, 0, "", before},
      {"attention", "--npy", call, with(call, {"--npy", "y.npy"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("y.npy"));
         const Tensor weights = read_npy(changed.folder / "y.npy");  // layers, heads, tokens, tokens
         CHECK(weights.rank() == 4);
         const std::vector<float> sums = sum(weights, Axes{-1}).to_vector<float>();
         for (const float row : sums) CHECK(row == Approx(1).margin(1e-5));
       }},
      {"attention",
       "--force",
       picture,
       with(picture, {"--force"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("x.svg is already there"));
         CHECK(changed.text("x.svg") != base.text("x.svg"));
       },
       2,
       0,
       "",
       {changes(picture, 2, "He was in the barn.")}},
      {"attention", "--json", call, with(call, {"--json"}),
       prints_json({"pieces", "layers", "heads", "files"})},
  };
}

}  // namespace gradus::test

TEST_CASE("options: attention, each alone") { gradus::test::run_table(gradus::test::attention_rows()); }
